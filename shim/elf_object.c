#include "shim/elf_object.h"

#include <string.h>

#if defined(__x86_64__)
#define RELOC_JUMP_SLOT R_X86_64_JUMP_SLOT
#define RELOC_GLOB_DAT R_X86_64_GLOB_DAT
#elif defined(__aarch64__)
#define RELOC_JUMP_SLOT R_AARCH64_JUMP_SLOT
#define RELOC_GLOB_DAT R_AARCH64_GLOB_DAT
#elif defined(__i386__)
#define RELOC_JUMP_SLOT R_386_JMP_SLOT
#define RELOC_GLOB_DAT R_386_GLOB_DAT
#elif defined(__arm__)
#define RELOC_JUMP_SLOT R_ARM_JUMP_SLOT
#define RELOC_GLOB_DAT R_ARM_GLOB_DAT
#elif defined(__riscv)
#define RELOC_JUMP_SLOT R_RISCV_JUMP_SLOT
#define RELOC_GLOB_DAT R_RISCV_64
#else
#error "relocation types of this machine are not known"
#endif

#if __SIZEOF_POINTER__ == 8
#define RELOC_TYPE(info) ELF64_R_TYPE(info)
#define RELOC_SYMBOL(info) ELF64_R_SYM(info)
typedef ElfW(Rela) relocation;
#define RELOC_TABLE DT_RELA
#define RELOC_TABLE_SIZE DT_RELASZ
#else
#define RELOC_TYPE(info) ELF32_R_TYPE(info)
#define RELOC_SYMBOL(info) ELF32_R_SYM(info)
typedef ElfW(Rel) relocation;
#define RELOC_TABLE DT_REL
#define RELOC_TABLE_SIZE DT_RELSZ
#endif

/* The sanitizers' own strcmp is not ready when their runtime looks functions up through us. */
static bool same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* glibc relocates the pointers of a dynamic section in place, musl and the vDSO do not. */
static const void *pointer(const struct elf_object *object, ElfW(Addr) value)
{
    return (const void *)(value < object->base ? object->base + value : value);
}

static bool read_dynamic(struct elf_object *object)
{
    if (object->dynamic == NULL)
        return false;
    for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
        ElfW(Addr) value = entry->d_un.d_ptr;

        switch (entry->d_tag) {
        case DT_SYMTAB:
            object->symbols = pointer(object, value);
            break;
        case DT_STRTAB:
            object->strings = pointer(object, value);
            break;
        case DT_GNU_HASH:
            object->gnu_hash = pointer(object, value);
            break;
        case DT_HASH:
            object->sysv_hash = pointer(object, value);
            break;
        case DT_JMPREL:
            object->relocations[0] = pointer(object, value);
            break;
        case DT_PLTRELSZ:
            object->relocations_size[0] = value;
            break;
        case RELOC_TABLE:
            object->relocations[1] = pointer(object, value);
            break;
        case RELOC_TABLE_SIZE:
            object->relocations_size[1] = value;
            break;
        default:
            break;
        }
    }
    return object->symbols != NULL && object->strings != NULL;
}

bool elf_object_read(struct elf_object *object, const struct dl_phdr_info *info)
{
    memset(object, 0, sizeof *object);
    object->base = info->dlpi_addr;
    object->name = info->dlpi_name;
    object->start = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_DYNAMIC)
            object->dynamic = (const ElfW(Dyn) *)at;
        if (segment->p_type != PT_LOAD)
            continue;
        if (at < object->start)
            object->start = at;
        if (at + segment->p_memsz > object->end)
            object->end = at + segment->p_memsz;
    }
    return read_dynamic(object);
}

bool elf_object_of_map(struct elf_object *object, const struct link_map *map, const void *start,
                       const void *end)
{
    memset(object, 0, sizeof *object);
    object->base = map->l_addr;
    object->start = (uintptr_t)start;
    object->end = (uintptr_t)end;
    object->name = map->l_name;
    object->dynamic = map->l_ld;
    return read_dynamic(object);
}

bool elf_object_contains(const struct elf_object *object, const void *address)
{
    return (uintptr_t)address >= object->start && (uintptr_t)address < object->end;
}

static void *symbol_address(const struct elf_object *object, const ElfW(Sym) * symbol,
                            const char *name)
{
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
        (symbol->st_info & 0xf) != STT_FUNC || symbol->st_info >> 4 == STB_LOCAL ||
        !same_text(object->strings + symbol->st_name, name))
        return NULL;
    return (void *)(object->base + symbol->st_value);
}

static void *gnu_look_up(const struct elf_object *object, const char *name)
{
    const uint32_t *table = object->gnu_hash;
    uint32_t bucket_count = table[0], offset = table[1], bloom_size = table[2], shift = table[3];
    const ElfW(Addr) *bloom = (const void *)(table + 4);
    const uint32_t *buckets = (const void *)(bloom + bloom_size);
    const uint32_t *chain = buckets + bucket_count;
    const unsigned bits = 8 * sizeof(ElfW(Addr));
    uint32_t hash = 5381, index;
    ElfW(Addr) word;

    for (const char *at = name; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    if (bucket_count == 0 || bloom_size == 0)
        return NULL;
    word = bloom[hash / bits % bloom_size];
    if (!(word >> (hash % bits) & 1) || !(word >> ((hash >> shift) % bits) & 1))
        return NULL;
    index = buckets[hash % bucket_count];
    if (index < offset)
        return NULL;
    for (;; index++) {
        uint32_t entry = chain[index - offset];

        if ((entry | 1) == (hash | 1)) {
            void *address = symbol_address(object, &object->symbols[index], name);
            if (address != NULL)
                return address;
        }
        if (entry & 1)
            return NULL;
    }
}

static void *sysv_look_up(const struct elf_object *object, const char *name)
{
    const uint32_t *table = object->sysv_hash;
    const uint32_t *buckets = table + 2, *chain = buckets + table[0];
    uint32_t hash = 0;

    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash << 4) + (unsigned char)*at;
        hash ^= hash >> 24 & 0xf0;
        hash &= 0xfffffff;
    }
    if (table[0] == 0)
        return NULL;
    for (uint32_t i = buckets[hash % table[0]]; i != 0; i = chain[i]) {
        void *address = symbol_address(object, &object->symbols[i], name);
        if (address != NULL)
            return address;
    }
    return NULL;
}

void *elf_object_function(const struct elf_object *object, const char *name)
{
    if (object->gnu_hash != NULL)
        return gnu_look_up(object, name);
    return object->sysv_hash != NULL ? sysv_look_up(object, name) : NULL;
}

void elf_object_imports(const struct elf_object *object,
                        void (*visit)(void *argument, const char *name, void *value),
                        void *argument)
{
    for (int table = 0; table < 2; table++) {
        const relocation *at = (const void *)object->relocations[table];
        size_t count = object->relocations_size[table] / sizeof *at;

        for (size_t i = 0; at != NULL && i < count; i++) {
            const ElfW(Sym) *symbol = &object->symbols[RELOC_SYMBOL(at[i].r_info)];
            unsigned long type = RELOC_TYPE(at[i].r_info);

            if (type == RELOC_JUMP_SLOT || type == RELOC_GLOB_DAT)
                visit(argument, object->strings + symbol->st_name,
                      *(void **)(object->base + at[i].r_offset));
        }
    }
}

static const char *dynamic_string(const struct elf_object *object, ElfW(Sxword) tag,
                                  const char *wanted)
{
    for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
        const char *text = object->strings + entry->d_un.d_val;

        if (entry->d_tag == tag && (wanted == NULL || same_text(text, wanted)))
            return text;
    }
    return NULL;
}

bool elf_object_needs(const struct elf_object *object, const char *soname)
{
    return dynamic_string(object, DT_NEEDED, soname) != NULL;
}

const char *elf_object_soname(const struct elf_object *object)
{
    return dynamic_string(object, DT_SONAME, NULL);
}
