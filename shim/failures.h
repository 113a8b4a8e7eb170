#ifndef CURVESHIM_SHIM_FAILURES_H
#define CURVESHIM_SHIM_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

/* Runs of failed handshakes: how many there were in a row with one peer, and since when. Pure; the
 * caller locks. All zero is fresh. */

#define FAILURES_RUNS 128
#define FAILURES_QUIET 600000 /* milliseconds after which a peer starts afresh */

struct failure_run {
    int64_t since; /* seconds since 1970 UTC */
    int64_t first; /* monotonic milliseconds */
    uint64_t count;
    uint64_t kinds; /* a bit for each reason that there was */
};

/* What is looked through lies close together. */
struct failures {
    uint64_t peers[FAILURES_RUNS]; /* a hash of who it is, never 0; 0: free */
    int64_t last[FAILURES_RUNS];   /* monotonic milliseconds */
    struct failure_run runs[FAILURES_RUNS];
};

/* One more, at now (monotonic milliseconds; clock: seconds since 1970 UTC), for a reason below 64.
 * The run so far. The run that was quiet for longest makes room for a new one. */
struct failure_run failures_add(struct failures *failures, uint64_t peer, unsigned reason,
                                int64_t now, int64_t clock);

/* A handshake was completed: true, and the run that has ended, if there was one. */
bool failures_end(struct failures *failures, uint64_t peer, int64_t now, struct failure_run *run);

#endif
