#ifndef CURVESHIM_SHIM_REFUSALS_H
#define CURVESHIM_SHIM_REFUSALS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Connections of clients that were refused with status 300. libzmq tells such a client nothing, and
 * it comes back only when its connection ends, by default after 30 s: so it is ended after a
 * second. Used by one thread. */

struct refusals {
    struct refusal *list; /* the oldest first */
    size_t first;
    size_t count;
    size_t room;
};

/* A connection (connections.h) was refused. */
void refusals_add(struct refusals *refusals, int fd, uint64_t id);

/* Ends those whose time has come; milliseconds until the next one's, or -1. */
long refusals_work(struct refusals *refusals);

void refusals_free(struct refusals *refusals);

#endif
