#include "shim/failures.h"

#include <string.h>

static struct failure_run *find(struct failures *failures, uint64_t peer)
{
    for (int i = 0; i < FAILURES_RUNS; i++)
        if (failures->runs[i].peer == peer)
            return &failures->runs[i];
    return NULL;
}

static struct failure_run *make_room(struct failures *failures)
{
    struct failure_run *oldest = &failures->runs[0];

    for (int i = 0; i < FAILURES_RUNS; i++) {
        if (failures->runs[i].peer == 0)
            return &failures->runs[i];
        if (failures->runs[i].last < oldest->last)
            oldest = &failures->runs[i];
    }
    return oldest;
}

struct failure_run failures_add(struct failures *failures, uint64_t peer, unsigned reason,
                                int64_t now, int64_t clock)
{
    struct failure_run *run = find(failures, peer);

    if (run == NULL || now - run->last > FAILURES_QUIET) {
        if (run == NULL)
            run = make_room(failures);
        run->peer = peer;
        run->since = clock;
        run->first = now;
        run->count = run->kinds = 0;
    }
    run->last = now;
    run->count++;
    run->kinds |= (uint64_t)1 << reason;
    return *run;
}

bool failures_end(struct failures *failures, uint64_t peer, int64_t now, struct failure_run *run)
{
    struct failure_run *found = find(failures, peer);

    if (found == NULL)
        return false;
    *run = *found;
    memset(found, 0, sizeof *found);
    return now - run->last <= FAILURES_QUIET;
}
