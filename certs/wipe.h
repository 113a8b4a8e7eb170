#ifndef CURVESHIM_CERTS_WIPE_H
#define CURVESHIM_CERTS_WIPE_H

#include <stddef.h>
#include <string.h>

/* Clears size bytes at memory in a way that the compiler may not drop. glibc's explicit_bzero is
 * newer than the oldest libc that the library has to run on. */
static inline void wipe(void *memory, size_t size)
{
    memset(memory, 0, size);
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}

#endif
