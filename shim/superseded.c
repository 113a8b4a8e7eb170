#include "shim/superseded.h"

#include "shim/keys.h"
#include "shim/report.h"
#include "shim/state.h"

#ifndef ZMQ_RECONNECT_STOP
#define ZMQ_RECONNECT_STOP 109
#endif

#define AGAIN_SECONDS 10

void superseded_judge(struct decision *decision, const struct binding *binding, int64_t now)
{
    const bool older = binding->key == BINDING_OLDER_KEY;

    if (decision->status != 200)
        return;
    if (older && keys_server_is_superseded(state_config())) {
        decision->reason = decision->superseded ? "superseded key, superseded server key"
                                                : "superseded server key";
        decision->superseded = true;
    }
    if ((older || decision->superseded) && decision->changes > now + AGAIN_SECONDS)
        decision->changes = now + AGAIN_SECONDS;
}

static bool connects_once(const struct attempt *attempt)
{
    int interval = 0, stop = 0;
    size_t size = sizeof interval;

    if (attempt->lib->getsockopt(attempt->socket, ZMQ_RECONNECT_IVL, &interval, &size) == 0 &&
        interval == -1)
        return true;
    size = sizeof stop;
    return attempt->lib->getsockopt(attempt->socket, ZMQ_RECONNECT_STOP, &stop, &size) == 0 &&
           stop != 0;
}

void superseded_warn(const struct attempt *attempt, const struct config *config)
{
    /* Options are cheaper to ask for than files, at each connect. */
    if (connects_once(attempt) && keys_server_is_rotated(config))
        report_connects_once(attempt);
}
