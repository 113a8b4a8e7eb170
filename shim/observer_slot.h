#ifndef CURVESHIM_SHIM_OBSERVER_SLOT_H
#define CURVESHIM_SHIM_OBSERVER_SLOT_H

#include <sys/types.h>

#include "shim/wire.h"

/* What the observer keeps of a descriptor whose handshake it watches. One slot for each descriptor
 * number, in pieces that are mapped when the first of their numbers is watched, and never freed. A
 * slot is written by the thread that sends or receives on the descriptor. */
struct slot {
    ino_t inode;   /* of the socket: a later file of the same number has another */
    uint64_t peer; /* whom it connects to, for the back-off; 0: accepted */
    bool connecting;
    bool peer_is_old; /* it has shown no ZMTP 3 greeting */
    bool cut;         /* nothing may pass any more */
    bool reported;    /* a line about this connection was written */
    int64_t waiting;  /* monotonic milliseconds since INITIATE came in, 0: not waiting */
    struct wire out;
    struct wire in;
};

/* NULL if it can't be had (out of memory, or fd is beyond the table). Async-signal-safe. */
struct slot *slot_of(int fd);
/* The same for a slot that was there before; never maps anything. */
struct slot *slot_if_any(int fd);

/* The highest descriptor that has had a slot. */
int slot_highest(void);

#endif
