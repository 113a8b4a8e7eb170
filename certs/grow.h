#ifndef CURVESHIM_CERTS_GROW_H
#define CURVESHIM_CERTS_GROW_H

#include <stdlib.h>
#include <string.h>

/* Arrays that grow by one entry at a time. */

/* One more entry of an array, zeroed; NULL without memory, with array and *count as they were. */
static inline void *grow(void *array, size_t *count, size_t size)
{
    /* Doubled at each power of two. */
    void *larger = (*count & (*count - 1)) == 0
                       ? reallocarray(array, *count == 0 ? 1 : 2 * *count, size)
                       : array;

    if (larger != NULL)
        memset((char *)larger + size * (*count)++, 0, size);
    return larger;
}

/* The new entry, or NULL. */
#define GROW(array, count)                                                                         \
    __extension__({                                                                                \
        void *larger = grow(array, &(count), sizeof *(array));                                     \
        if (larger != NULL)                                                                        \
            (array) = larger;                                                                      \
        larger != NULL ? &(array)[(count)-1] : NULL;                                               \
    })

#endif
