#ifndef CURVESHIM_SHIM_OBSERVER_JUDGE_H
#define CURVESHIM_SHIM_OBSERVER_JUDGE_H

#include "shim/handshake.h"
#include "shim/observer_slot.h"

/* What an unfinished handshake means, by how far it came and how it stopped. Pure. */

enum stop {
    STOP_HUNG_UP, /* the peer closed */
    STOP_CLOSED,  /* this side did, or the descriptor is another file by now */
    STOP_STALLED, /* nothing has moved for JUDGE_STALLED_MS */
};

#define JUDGE_STALLED_MS 1250

struct verdict_on {
    bool tell;
    enum handshake_reason reason;
    const char *detail; /* static, "" if there is none */
};

/* still: for how many milliseconds nothing has moved. */
struct verdict_on observer_judge(const struct slot *slot, enum stop stop, int64_t still);

#endif
