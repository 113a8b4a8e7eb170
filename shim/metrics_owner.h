#ifndef CURVESHIM_SHIM_METRICS_OWNER_H
#define CURVESHIM_SHIM_METRICS_OWNER_H

#include "shim/metrics_name.h"

/* Which process this is, and whether another one is alive: from /proc. */

#define METRICS_COMMENT 128

struct metrics_self {
    struct metrics_owner owner; /* start 0: not known */
    char host[METRICS_HOST];
    /* "curveshim, boot ID, pid namespace ID": where the number of a process means the same. */
    char comment[METRICS_COMMENT];
    bool comparable; /* the comment is complete */
    int64_t started; /* milliseconds since 1970 UTC */
};

void metrics_self(struct metrics_self *self);

/* Whether a process of the same boot and pid namespace is gone for certain. */
bool metrics_owner_is_gone(const struct metrics_owner *owner);

#endif
