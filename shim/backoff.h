#ifndef CURVESHIM_SHIM_BACKOFF_H
#define CURVESHIM_SHIM_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* How soon a peer that did not answer in CURVE is tried again. libzmq reconnects after
 * RECONNECT_IVL, 100 ms by default, for ever; attempts that come too soon fail without leaving the
 * machine. Pure, but for a spin lock of its own; all zero is fresh. */

#define BACKOFF_SLOTS 128
#define BACKOFF_MOST 1000 /* milliseconds */

struct backoff {
    volatile char busy;
    struct {
        uint64_t peer; /* hash of its address and of who connects; 0: free */
        int64_t until; /* monotonic milliseconds */
        unsigned interval;
        unsigned told; /* how often in a row it sent ERROR 400 */
    } slots[BACKOFF_SLOTS];
};

/* Whether an attempt has to wait. */
bool backoff_holds(struct backoff *backoff, uint64_t peer, int64_t now);

/* An attempt failed. Returns how many times in a row the peer has said 400, this one included if
 * told_to_give_up. */
unsigned backoff_failed(struct backoff *backoff, uint64_t peer, bool told_to_give_up, int64_t now);

/* A handshake was completed. */
void backoff_clear(struct backoff *backoff, uint64_t peer);

#endif
