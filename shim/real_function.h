#ifndef CURVESHIM_SHIM_REAL_FUNCTION_H
#define CURVESHIM_SHIM_REAL_FUNCTION_H

#include <errno.h>

#include "shim/next_function.h"

/* Each call goes through a pointer that resolves itself the first time, so that a quiet descriptor
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
    }

#endif
