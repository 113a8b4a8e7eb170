#ifndef CURVESHIM_SHIM_CALLERS_H
#define CURVESHIM_SHIM_CALLERS_H

#include <stdint.h>

#include "shim/zmqlib.h"

/* Which copy of libzmq the objects that call it are bound to, for forked children: another thread
 * may have held the dynamic linker's lock when the process forked, and in the child nobody lets go
 * of it, so that a search there could wait for ever. Thread-safe; take LOCK_REGISTRY. */

/* The object from start to end calls that copy. */
void callers_remember(uintptr_t start, uintptr_t end, const struct zmqlib *lib);
/* In a forked child, what its parent knew of the object that caller lies in; else NULL. */
const struct zmqlib *callers_recall(const void *caller);

/* In the child of a fork. */
void callers_forked(void);

#endif
