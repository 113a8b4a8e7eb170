#ifndef CURVESHIM_SHIM_NEAREST_H
#define CURVESHIM_SHIM_NEAREST_H

#include <stddef.h>

/* The candidate with the smallest Levenshtein distance to the first length bytes of word. Pure.
 * count is at least 1; a static or borrowed string comes back. */
const char *nearest(const char *word, size_t length, const char *const *candidates, size_t count);

#endif
