#include <elf.h>
#include <string.h>

#include "shim/check_elf.h"

/* Chains and tables of a broken file may be of any length; no real one has more symbols. */
#define SYMBOLS_MAX 4000000
#define NAME_MAX_LENGTH 65536

static uint64_t symbol_size(const struct check_elf *elf)
{
    return elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

static bool symbol_read(const struct check_elf *elf, uint64_t at, uint64_t strings,
                        uint64_t strings_size, struct check_elf_symbol *symbol)
{
    const unsigned char *data = elf->bytes->data;
    uint32_t name;
    uint16_t section;
    uint64_t size = elf->bytes->size, limit;

    if (at > size || size - at < symbol_size(elf) || !check_elf_word(elf, at, &name) ||
        !check_elf_half(elf, at + (elf->wide ? 6 : 14), &section) ||
        !check_elf_native(elf, at + (elf->wide ? 8 : 4), &symbol->value) ||
        !check_elf_native(elf, at + (elf->wide ? 16 : 8), &symbol->size))
        return false;
    symbol->type = data[at + (elf->wide ? 4 : 12)] & 0xf;
    symbol->binding = data[at + (elf->wide ? 4 : 12)] >> 4;
    symbol->visibility = data[at + (elf->wide ? 5 : 13)] & 3;
    symbol->defined = section != SHN_UNDEF;
    if (name >= strings_size)
        return false;
    limit = strings_size - name > NAME_MAX_LENGTH ? name + NAME_MAX_LENGTH : strings_size;
    symbol->name = check_bytes_text(elf->bytes, strings + name, strings + limit);
    return symbol->name != NULL;
}

bool check_elf_symbol(const struct check_elf *elf, uint64_t index, struct check_elf_symbol *symbol)
{
    uint64_t at;

    return index < elf->symbol_count &&
           check_elf_entry(elf, elf->symbols, symbol_size(elf), index, &at) &&
           symbol_read(elf, at, elf->strings, elf->strings_size, symbol);
}

struct section {
    uint32_t type, link;
    uint64_t offset, size;
};

static bool section_read(const struct check_elf *elf, uint64_t index, struct section *section)
{
    uint64_t at;

    return index < elf->section_count &&
           check_elf_entry(elf, elf->sections, elf->section_size, index, &at) &&
           check_elf_word(elf, at + 4, &section->type) &&
           check_elf_native(elf, at + (elf->wide ? 24 : 16), &section->offset) &&
           check_elf_native(elf, at + (elf->wide ? 32 : 20), &section->size) &&
           check_elf_word(elf, at + (elf->wide ? 40 : 24), &section->link) &&
           section->offset <= elf->bytes->size &&
           section->size <= elf->bytes->size - section->offset;
}

void check_elf_symtab(const struct check_elf *elf,
                      void (*visit)(void *argument, const struct check_elf_symbol *symbol),
                      void *argument)
{
    struct section table, strings;
    struct check_elf_symbol symbol;

    for (uint64_t i = 0; i < elf->section_count; i++) {
        if (!section_read(elf, i, &table) || table.type != SHT_SYMTAB ||
            !section_read(elf, table.link, &strings))
            continue;
        for (uint64_t n = 0; n < table.size / symbol_size(elf) && n < SYMBOLS_MAX; n++)
            if (symbol_read(elf, table.offset + n * symbol_size(elf), strings.offset, strings.size,
                            &symbol) &&
                symbol.type != STT_SECTION && symbol.type != STT_FILE)
                visit(argument, &symbol);
        return;
    }
}

struct relocation_table {
    int64_t table, size;
    bool addend;
};

void check_elf_relocations(const struct check_elf *elf,
                           void (*visit)(void *argument, uint64_t symbol), void *argument)
{
    uint64_t plain, kind = DT_RELA;
    bool known = check_elf_first(elf, DT_PLTREL, &kind);
    const struct relocation_table tables[] = {
        {DT_RELA, DT_RELASZ, true},
        {DT_REL, DT_RELSZ, false},
        {DT_JMPREL, DT_PLTRELSZ, known ? kind == DT_RELA : elf->wide},
    };

    plain = elf->wide ? 16 : 8;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        uint64_t address, start, size, info, at;
        uint64_t step = tables[i].addend ? plain + plain / 2 : plain;

        if (!check_elf_first(elf, tables[i].table, &address) ||
            !check_elf_first(elf, tables[i].size, &size) || !check_elf_offset(elf, address, &start))
            continue;
        for (uint64_t n = 0; n < size / step && check_elf_entry(elf, start, step, n, &at) &&
                             check_elf_native(elf, at + plain / 2, &info);
             n++) {
            uint64_t symbol = elf->wide ? info >> 32 : info >> 8;

            if (symbol != 0)
                visit(argument, symbol);
        }
    }
}

/* From DT_GNU_HASH: the highest symbol of any chain. 0 when nothing is exported. */
static uint64_t gnu_hash_count(const struct check_elf *elf, uint64_t table)
{
    uint32_t buckets, first, bloom, hash, chain;
    uint64_t highest = 0, start, chains;

    if (!check_elf_word(elf, table, &buckets) || !check_elf_word(elf, table + 4, &first) ||
        !check_elf_word(elf, table + 8, &bloom))
        return 0;
    start = table + 16 + (uint64_t)bloom * (elf->wide ? 8 : 4);
    chains = start + (uint64_t)buckets * 4;
    for (uint64_t i = 0; i < buckets && check_elf_word(elf, start + 4 * i, &chain); i++)
        if (chain > highest)
            highest = chain;
    if (highest < first)
        return first;
    while (check_elf_word(elf, chains + 4 * (highest - first), &hash) && (hash & 1) == 0)
        highest++;
    return highest + 1;
}

static void highest(void *argument, uint64_t symbol)
{
    uint64_t *count = argument;

    if (symbol >= *count && symbol < SYMBOLS_MAX)
        *count = symbol + 1;
}

/* The format has no count of dynamic symbols that is always there. */
static uint64_t count_symbols(const struct check_elf *elf)
{
    struct section section;
    uint64_t address, table, count = 0;
    uint32_t chains;

    for (uint64_t i = 0; i < elf->section_count; i++)
        if (section_read(elf, i, &section) && section.type == SHT_DYNSYM &&
            section.offset == elf->symbols)
            return section.size / symbol_size(elf);
    if (check_elf_first(elf, DT_HASH, &address) && check_elf_offset(elf, address, &table) &&
        check_elf_word(elf, table + 4, &chains))
        return chains;
    if (check_elf_first(elf, DT_GNU_HASH, &address) && check_elf_offset(elf, address, &table))
        count = gnu_hash_count(elf, table);
    check_elf_relocations(elf, highest, &count);
    return count;
}

void check_elf_find_symbols(struct check_elf *elf)
{
    uint64_t address;

    if (!check_elf_first(elf, DT_SYMTAB, &address) ||
        !check_elf_offset(elf, address, &elf->symbols))
        return;
    elf->symbol_count = count_symbols(elf);
    if (elf->symbol_count > SYMBOLS_MAX)
        elf->symbol_count = SYMBOLS_MAX;
}
