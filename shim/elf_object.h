#ifndef CURVESHIM_SHIM_ELF_OBJECT_H
#define CURVESHIM_SHIM_ELF_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A loaded ELF object, read through its own dynamic section. No call into the dynamic linker: a
 * look-up by dlsym or dladdr would wait for a dlopen in another thread, whose constructors may be
 * waiting for us. Valid as long as the object stays loaded. */
struct elf_object {
    uintptr_t base;
    uintptr_t start;
    uintptr_t end;
    const char *name; /* dlpi_name: "" for the main program */
    const ElfW(Dyn) * dynamic;
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint32_t *gnu_hash;
    const uint32_t *sysv_hash;
    const char *relocations[2]; /* DT_JMPREL, DT_REL(A) */
    size_t relocations_size[2];
};

/* False for an object without a dynamic section. */
bool elf_object_read(struct elf_object *object, const struct dl_phdr_info *info);
/* The same from what _dl_find_object tells. */
bool elf_object_of_map(struct elf_object *object, const struct link_map *map, const void *start,
                       const void *end);

bool elf_object_contains(const struct elf_object *object, const void *address);

/* The address of a function that the object itself defines and exports, or NULL. */
void *elf_object_function(const struct elf_object *object, const char *name);

/* Calls visit for each function that the object imports through its GOT or PLT, with the address
 * that stands in the slot now (which is in the object's own PLT as long as it is not bound). */
void elf_object_imports(const struct elf_object *object,
                        void (*visit)(void *argument, const char *name, void *value),
                        void *argument);

/* Whether the object names soname in a DT_NEEDED entry. */
bool elf_object_needs(const struct elf_object *object, const char *soname);

/* DT_SONAME, or NULL. */
const char *elf_object_soname(const struct elf_object *object);

#endif
