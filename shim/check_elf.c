#include "shim/check_elf.h"

#include <elf.h>
#include <string.h>

static bool number(const struct check_elf *elf, uint64_t offset, unsigned size, uint64_t *value)
{
    const struct check_bytes *bytes = elf->bytes;

    if (offset > bytes->size || bytes->size - offset < size)
        return false;
    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value = *value << 8 | bytes->data[offset + (elf->big ? i : size - 1 - i)];
    return true;
}

bool check_elf_half(const struct check_elf *elf, uint64_t offset, uint16_t *value)
{
    uint64_t wide;

    if (!number(elf, offset, 2, &wide))
        return false;
    *value = (uint16_t)wide;
    return true;
}

bool check_elf_word(const struct check_elf *elf, uint64_t offset, uint32_t *value)
{
    uint64_t wide;

    if (!number(elf, offset, 4, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

bool check_elf_native(const struct check_elf *elf, uint64_t offset, uint64_t *value)
{
    return number(elf, offset, elf->wide ? 8 : 4, value);
}

bool check_elf_entry(const struct check_elf *elf, uint64_t table, uint64_t size, uint64_t index,
                     uint64_t *offset)
{
    if (size == 0 || table > elf->bytes->size || index >= (elf->bytes->size - table) / size)
        return false;
    *offset = table + index * size;
    return true;
}

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, size;
};

static bool segment_read(const struct check_elf *elf, uint64_t index, struct segment *segment)
{
    uint64_t at;

    return check_elf_entry(elf, elf->segments, elf->segment_size, index, &at) &&
           check_elf_word(elf, at, &segment->type) &&
           check_elf_word(elf, at + (elf->wide ? 4 : 24), &segment->flags) &&
           check_elf_native(elf, at + (elf->wide ? 8 : 4), &segment->offset) &&
           check_elf_native(elf, at + (elf->wide ? 16 : 8), &segment->address) &&
           check_elf_native(elf, at + (elf->wide ? 32 : 16), &segment->size);
}

bool check_elf_offset(const struct check_elf *elf, uint64_t address, uint64_t *offset)
{
    struct segment segment;

    for (uint64_t i = 0; i < elf->segment_count && segment_read(elf, i, &segment); i++)
        if (segment.type == PT_LOAD && address >= segment.address &&
            address - segment.address < segment.size) {
            *offset = segment.offset + (address - segment.address);
            return *offset < elf->bytes->size;
        }
    return false;
}

void check_elf_constant(const struct check_elf *elf,
                        void (*visit)(void *argument, uint64_t from, uint64_t to), void *argument)
{
    struct segment segment;
    uint64_t size = elf->bytes->size;

    for (uint64_t i = 0; i < elf->segment_count && segment_read(elf, i, &segment); i++)
        if (segment.type == PT_LOAD && (segment.flags & PF_W) == 0 && segment.offset < size)
            visit(argument, segment.offset,
                  segment.size < size - segment.offset ? segment.offset + segment.size : size);
}

bool check_elf_tag(const struct check_elf *elf, int64_t tag, uint64_t *value, uint64_t *index)
{
    uint64_t width = elf->wide ? 8 : 4, at, found;

    for (; *index < elf->dynamic_count; ++*index) {
        if (!check_elf_entry(elf, elf->dynamic, 2 * width, *index, &at) ||
            !check_elf_native(elf, at, &found) || !check_elf_native(elf, at + width, value) ||
            found == DT_NULL)
            return false;
        if (found == (elf->wide ? (uint64_t)tag : (uint32_t)tag)) {
            ++*index;
            return true;
        }
    }
    return false;
}

bool check_elf_first(const struct check_elf *elf, int64_t tag, uint64_t *value)
{
    uint64_t index = 0;

    return check_elf_tag(elf, tag, value, &index);
}

const char *check_elf_string(const struct check_elf *elf, uint64_t offset)
{
    if (elf->strings_size == 0 || offset >= elf->strings_size)
        return NULL;
    return check_bytes_text(elf->bytes, elf->strings + offset, elf->strings + elf->strings_size);
}

static bool header_read(struct check_elf *elf)
{
    const unsigned char *id = elf->bytes->data;
    uint16_t sizes[4] = {0};

    if (elf->bytes->size < EI_NIDENT || memcmp(id, ELFMAG, SELFMAG) != 0 ||
        (id[EI_CLASS] != ELFCLASS32 && id[EI_CLASS] != ELFCLASS64) ||
        (id[EI_DATA] != ELFDATA2LSB && id[EI_DATA] != ELFDATA2MSB))
        return false;
    elf->wide = id[EI_CLASS] == ELFCLASS64;
    elf->big = id[EI_DATA] == ELFDATA2MSB;
    if (!check_elf_half(elf, 16, &elf->type) || !check_elf_half(elf, 18, &elf->machine) ||
        !check_elf_native(elf, elf->wide ? 32 : 28, &elf->segments) ||
        !check_elf_native(elf, elf->wide ? 40 : 32, &elf->sections))
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (!check_elf_half(elf, (elf->wide ? 54 : 42) + 2 * i, &sizes[i]))
            return false;
    elf->segment_size = sizes[0];
    elf->segment_count = sizes[1];
    elf->section_size = sizes[2];
    elf->section_count = sizes[3];
    return elf->segment_count == 0 ||
           sizes[0] >= (elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
}

/* False when a segment lies outside of the file: it has been cut off. */
static bool segments_read(struct check_elf *elf)
{
    struct segment segment;
    uint64_t size = elf->bytes->size;

    for (uint64_t i = 0; i < elf->segment_count; i++) {
        if (!segment_read(elf, i, &segment))
            return false;
        if (segment.type != PT_LOAD && segment.type != PT_DYNAMIC && segment.type != PT_INTERP)
            continue;
        /* A file with its contents split off (.debug) keeps the segments' numbers. */
        if (segment.size != 0 && (segment.offset > size || segment.size > size - segment.offset))
            return false;
        if (segment.type == PT_DYNAMIC) {
            elf->dynamic = segment.offset;
            elf->dynamic_count = segment.size / (elf->wide ? 16 : 8);
        } else if (segment.type == PT_INTERP) {
            elf->interpreter =
                check_bytes_text(elf->bytes, segment.offset, segment.offset + segment.size);
        }
    }
    return true;
}

bool check_elf_section(const struct check_elf *elf, const char *name)
{
    uint64_t at, names, start, size;
    uint32_t offset;
    uint16_t index;

    if (!check_elf_half(elf, elf->wide ? 62 : 50, &index) ||
        !check_elf_entry(elf, elf->sections, elf->section_size, index, &names) ||
        !check_elf_native(elf, names + (elf->wide ? 24 : 16), &start) ||
        !check_elf_native(elf, names + (elf->wide ? 32 : 20), &size) || start > elf->bytes->size)
        return false;
    for (uint64_t i = 0; i < elf->section_count; i++) {
        const char *found;

        if (!check_elf_entry(elf, elf->sections, elf->section_size, i, &at) ||
            !check_elf_word(elf, at, &offset))
            return false;
        if (offset < size && start + offset < elf->bytes->size) {
            found = check_bytes_text(elf->bytes, start + offset, elf->bytes->size);
            if (found != NULL && strcmp(found, name) == 0)
                return true;
        }
    }
    return false;
}

bool check_elf_open(struct check_elf *elf, const struct check_bytes *bytes)
{
    uint64_t value;

    memset(elf, 0, sizeof *elf);
    elf->bytes = bytes;
    if (!header_read(elf) || !segments_read(elf))
        return false;
    if (check_elf_first(elf, DT_STRTAB, &value) && check_elf_offset(elf, value, &elf->strings) &&
        check_elf_first(elf, DT_STRSZ, &elf->strings_size) &&
        elf->strings_size > bytes->size - elf->strings)
        elf->strings_size = bytes->size - elf->strings;
    check_elf_find_symbols(elf);
    return true;
}
