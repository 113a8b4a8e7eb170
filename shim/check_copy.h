#ifndef CURVESHIM_SHIM_CHECK_COPY_H
#define CURVESHIM_SHIM_CHECK_COPY_H

#include "shim/check_elf.h"
#include "shim/check_object.h"

/* Finds a copy of libzmq in an ELF file: sets copy, exports, curve and version of the object.
 * Symbols tell most; of a stripped file its texts. Pure. */
void check_copy_find(struct check_object *object, const struct check_elf *elf);

/* The version that the code of zmq_version returns, at this offset in the file; to be freed, NULL
 * if the code isn't understood. */
char *check_copy_version(const struct check_elf *elf, uint64_t offset);

#endif
