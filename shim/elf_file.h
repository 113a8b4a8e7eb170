#ifndef CURVESHIM_SHIM_ELF_FILE_H
#define CURVESHIM_SHIM_ELF_FILE_H

#include <stdbool.h>

/* Whether a shared object, not loaded yet, can come to use libzmq: it imports or defines a zmq_
 * function, looks functions up by dlsym (as FFI extensions do), contains a hidden copy, or needs a
 * library that does, as far as that can be found without the dynamic linker's search. A name
 * without '/' is judged by the name. Leaves errno alone. */
bool elf_file_needs_zmq(const char *file);

#endif
