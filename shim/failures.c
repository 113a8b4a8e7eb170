#include "shim/failures.h"

#include <string.h>

/* FAILURES_RUNS if there is none. */
static int find(const struct failures *failures, uint64_t peer)
{
    int at = 0;

    while (at < FAILURES_RUNS && failures->peers[at] != peer)
        at++;
    return at;
}

static int make_room(const struct failures *failures)
{
    int oldest = 0, unused = find(failures, 0);

    if (unused < FAILURES_RUNS)
        return unused;
    for (int i = 1; i < FAILURES_RUNS; i++)
        if (failures->last[i] < failures->last[oldest])
            oldest = i;
    return oldest;
}

struct failure_run failures_add(struct failures *failures, uint64_t peer, unsigned reason,
                                int64_t now, int64_t clock)
{
    int at = find(failures, peer);
    const bool known = at < FAILURES_RUNS;
    struct failure_run *run;

    if (!known)
        at = make_room(failures);
    run = &failures->runs[at];
    if (!known || now - failures->last[at] > FAILURES_QUIET) {
        run->since = clock;
        run->first = now;
        run->count = run->kinds = 0;
    }
    failures->peers[at] = peer;
    failures->last[at] = now;
    run->count++;
    run->kinds |= (uint64_t)1 << reason;
    return *run;
}

bool failures_end(struct failures *failures, uint64_t peer, int64_t now, struct failure_run *run)
{
    int at = find(failures, peer);

    if (at == FAILURES_RUNS)
        return false;
    *run = failures->runs[at];
    failures->peers[at] = 0;
    return now - failures->last[at] <= FAILURES_QUIET;
}
