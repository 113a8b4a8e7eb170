#ifndef CURVESHIM_SHIM_CHECK_SEARCH_H
#define CURVESHIM_SHIM_CHECK_SEARCH_H

#include "shim/check_bytes.h"
#include "shim/check_object.h"

/* Finds libraries as the dynamic linker would. */

struct check_closure {
    struct check_object *objects; /* the target first */
    size_t count;
    struct check_value *missing; /* names that were not found */
};

/* Everything that the target loads at its start. The target is taken over. */
void check_closure_load(struct check_closure *closure, const struct check_object *target);
void check_closure_free(struct check_closure *closure);

/* The path that a cache of ld.so (/etc/ld.so.cache) has for a name, the index-th of several, or
 * NULL. Pure. */
const char *check_cache_path(const struct check_bytes *cache, const char *name, size_t index);

#endif
