#ifndef CURVESHIM_SHIM_REAL_FUNCTION_H
#define CURVESHIM_SHIM_REAL_FUNCTION_H

#include <errno.h>

#include "shim/next_function.h"

/* resolve_NAME is called when the library is loaded: a look-up in a forked child could wait for
 * ever for a lock of the dynamic linker that another thread held at the fork.
 *
 * Each call goes through a pointer that resolves itself the first time, so that a quiet descriptor
 * costs a look at the table and a jump. */
#define REAL(result, name, parameters, arguments)                                                  \
    static result first_##name parameters;                                                         \
    static result(*real_##name) parameters = first_##name;                                         \
    static result first_##name parameters                                                          \
    {                                                                                              \
        void *found = next_function(#name);                                                        \
        if (found == NULL) {                                                                       \
            errno = ENOSYS;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        __atomic_store_n((void **)(void *)&real_##name, found, __ATOMIC_RELAXED);                  \
        return real_##name arguments;                                                              \
    }                                                                                              \
    static void resolve_##name(void)                                                               \
    {                                                                                              \
        void *found = next_function(#name);                                                        \
        if (found != NULL)                                                                         \
            __atomic_store_n((void **)(void *)&real_##name, found, __ATOMIC_RELAXED);              \
    }

#endif
