#ifndef CURVESHIM_SHIM_CHECK_ELF_H
#define CURVESHIM_SHIM_CHECK_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/check_bytes.h"

/* An ELF file of any class and byte order, read without trust: each access is checked against the
 * file's size, and every loop is bounded by it. Pure. */

struct check_elf {
    const struct check_bytes *bytes;
    bool wide; /* 64 bits */
    bool big;  /* big-endian */
    uint16_t type;
    uint16_t machine;
    uint64_t segments, segment_size, segment_count;
    uint64_t sections, section_size, section_count;
    uint64_t dynamic, dynamic_count; /* count 0: none */
    const char *interpreter;         /* or NULL */
    uint64_t strings, strings_size;  /* DT_STRTAB */
    uint64_t symbols;                /* DT_SYMTAB, 0: none */
    uint64_t symbol_count;
};

struct check_elf_symbol {
    const char *name;
    uint64_t value, size;
    unsigned type, binding, visibility;
    bool defined;
};

/* False for what isn't ELF, or whose header or segments are cut off. */
bool check_elf_open(struct check_elf *elf, const struct check_bytes *bytes);

/* The values of a dynamic tag, one after the other: *index starts at 0. */
bool check_elf_tag(const struct check_elf *elf, int64_t tag, uint64_t *value, uint64_t *index);
bool check_elf_first(const struct check_elf *elf, int64_t tag, uint64_t *value);

/* A text of the dynamic string table, or NULL. */
const char *check_elf_string(const struct check_elf *elf, uint64_t offset);

bool check_elf_symbol(const struct check_elf *elf, uint64_t index, struct check_elf_symbol *symbol);

/* Calls visit for each function or object of the static symbol table (.symtab) that has a name. */
void check_elf_symtab(const struct check_elf *elf,
                      void (*visit)(void *argument, const struct check_elf_symbol *symbol),
                      void *argument);

/* Calls visit with the symbol's index for each dynamic relocation that names one. */
void check_elf_relocations(const struct check_elf *elf,
                           void (*visit)(void *argument, uint64_t symbol), void *argument);

/* Where an address of the running program stands in the file. */
bool check_elf_offset(const struct check_elf *elf, uint64_t address, uint64_t *offset);

/* Calls visit with the range in the file of each loaded segment that isn't writable. */
void check_elf_constant(const struct check_elf *elf,
                        void (*visit)(void *argument, uint64_t from, uint64_t to), void *argument);

bool check_elf_section(const struct check_elf *elf, const char *name);

/* The offset of one of a table's entries; the table's numbers come from the file. */
bool check_elf_entry(const struct check_elf *elf, uint64_t table, uint64_t size, uint64_t index,
                     uint64_t *offset);

/* Where the dynamic symbols are, and how many: a part of check_elf_open. */
void check_elf_find_symbols(struct check_elf *elf);

/* Readers of numbers; false outside of the file. */
bool check_elf_half(const struct check_elf *elf, uint64_t offset, uint16_t *value);
bool check_elf_word(const struct check_elf *elf, uint64_t offset, uint32_t *value);
/* As wide as the class: 4 or 8 bytes. */
bool check_elf_native(const struct check_elf *elf, uint64_t offset, uint64_t *value);

#endif
