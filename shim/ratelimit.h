#ifndef CURVESHIM_SHIM_RATELIMIT_H
#define CURVESHIM_SHIM_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds how many lines a peer can cause. Pure; the caller locks. All zero is a fresh one. */

#define RATELIMIT_SLOTS 256
#define RATELIMIT_WAYS 4
#define RATELIMIT_BURST 40   /* lines at once, all peers together */
#define RATELIMIT_REFILL 250 /* milliseconds a line */

struct ratelimit {
    struct {
        uint64_t hash;
        int64_t until; /* milliseconds */
        unsigned interval;
        unsigned held;
    } slots[RATELIMIT_SLOTS];
    int64_t refilled;
    unsigned tokens;
    bool started;
};

/* When the second of a kind may be written: after 1 s, or after 10 s where it only says again what
 * a burst of attempts has said before. */
#define RATELIMIT_SOON 1000
#define RATELIMIT_LATER 10000

/* Whether the line may be written at now (monotonic milliseconds). The first of its kind may; the
 * next after 1 s (unless second says RATELIMIT_LATER), then 10 s, then every 60 s; a kind that was
 * quiet for its whole interval starts afresh. *held: how many of this kind were held back since the
 * last one that passed. */
bool ratelimit_pass(struct ratelimit *limits, const char *event, const char *peer,
                    const char *reason, unsigned second, int64_t now, unsigned *held);

/* The next of that kind is a first one again: what it told of is over. */
void ratelimit_forget(struct ratelimit *limits, const char *event, const char *peer,
                      const char *reason);

#endif
