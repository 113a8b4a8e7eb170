#ifndef CURVESHIM_SHIM_CALLERS_H
#define CURVESHIM_SHIM_CALLERS_H

#include <stdint.h>

#include "shim/zmqlib.h"

/* Which copy of libzmq the objects that call it are bound to, for forked children: a search
 * there may have to wait for the dynamic linker (loaded.h). Thread-safe; take LOCK_REGISTRY. */

/* The object from start to end calls that copy. */
void callers_remember(uintptr_t start, uintptr_t end, const struct zmqlib *lib);
/* In a forked child, what its parent knew of the object that caller lies in; else NULL. */
const struct zmqlib *callers_recall(const void *caller);

#endif
