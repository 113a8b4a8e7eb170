#ifndef CURVESHIM_SHIM_LOADED_H
#define CURVESHIM_SHIM_LOADED_H

#include <stdbool.h>

#include "shim/elf_object.h"

/* The objects that are loaded. In the child of a fork nobody lets go of a lock of the dynamic
 * linker that another thread of the parent held, so it is asked without its lock where that is
 * possible: by _dl_find_object of glibc 2.35 and later. Before, dl_iterate_phdr is called, which
 * may wait for ever there; musl's does not. Thread-safe, errno is left alone; no allocation. */

/* The object that an address lies in. It is the caller's to know that it is not unloaded meanwhile:
 * he runs in it, or is linked to it. */
bool loaded_at(struct elf_object *object, const void *address);

/* Calls visit for each object in the order of loading until it returns true. In a forked child that
 * has other threads already, with the linker's lock: one of them may unload something. */
void loaded_each(bool (*visit)(const struct elf_object *object, void *argument), void *argument);

/* Whether the process was forked since loaded_resolve. */
bool loaded_forked(void);

/* Once, when the library is loaded. */
void loaded_resolve(void);

#endif
