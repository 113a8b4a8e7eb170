#include "shim/observer_judge.h"

static const struct verdict_on nothing = {false, HANDSHAKE_REASONS, ""};

static struct verdict_on found(enum handshake_reason reason, const char *detail)
{
    const struct verdict_on verdict = {true, reason, detail};

    return verdict;
}

/* This side may close for reasons of its own at any time; after a while it was the handshake's
 * time that was up. */
static bool is_timeout(enum stop stop, int64_t still)
{
    return stop == STOP_STALLED || (stop == STOP_CLOSED && still >= JUDGE_STALLED_MS);
}

static struct verdict_on unreached(enum stop stop, int64_t still)
{
    return is_timeout(stop, still) ? found(HANDSHAKE_UNREACHABLE, "no answer") : nothing;
}

static struct verdict_on ungreeted(const struct slot *slot, enum stop stop, int64_t still)
{
    if (is_timeout(stop, still))
        return found(HANDSHAKE_TIMEOUT, slot->connecting
                                            ? "peer took the connection and says nothing"
                                            : "peer connected and says nothing");
    if (stop != STOP_HUNG_UP)
        return nothing;
    if (!wire_is_zmtp(&slot->in))
        return found(HANDSHAKE_NO_GREETING, "");
    /* Of two peers with different mechanisms, the one that reads first hangs up before it has
     * named its own. */
    if (slot->out.position >= WIRE_MECHANISM_AT + WIRE_MECHANISM)
        return found(HANDSHAKE_NOT_CURVE, "");
    return found(HANDSHAKE_HUNG_UP, "during the greeting");
}

static struct verdict_on client(const struct slot *slot, enum stop stop, int64_t still)
{
    if (stop == STOP_HUNG_UP) {
        if (slot->sent == WIRE_INITIATE)
            return found(HANDSHAKE_REFUSED, "it closed the connection");
        if (slot->sent == WIRE_HELLO && slot->received == WIRE_NONE)
            return found(HANDSHAKE_WRONG_SERVER_KEY, "");
        return found(HANDSHAKE_HUNG_UP, "during the handshake");
    }
    if (!is_timeout(stop, still))
        return nothing;
    if (slot->sent == WIRE_INITIATE)
        return found(HANDSHAKE_REFUSED, "no answer");
    return found(HANDSHAKE_TIMEOUT, "peer has greeted and does not answer our HELLO");
}

static struct verdict_on server(const struct slot *slot, enum stop stop, int64_t still)
{
    /* What the authenticator decides, it tells by itself. */
    if (slot->received == WIRE_INITIATE)
        return nothing;
    if (slot->received == WIRE_HELLO && slot->sent == WIRE_NONE)
        return stop == STOP_CLOSED ? found(HANDSHAKE_WRONG_SERVER_KEY, "") : nothing;
    if (slot->received == WIRE_NONE && (slot->in.as_server || is_timeout(stop, still)))
        return found(HANDSHAKE_BOTH_SERVERS, "");
    if (is_timeout(stop, still))
        return found(HANDSHAKE_TIMEOUT, "peer does not go on with its handshake");
    return stop == STOP_HUNG_UP ? found(HANDSHAKE_HUNG_UP, "during the handshake") : nothing;
}

struct verdict_on observer_judge(const struct slot *slot, enum stop stop, int64_t still)
{
    if (!slot->watched)
        return unreached(stop, still);
    if (slot->in.phase == WIRE_IN_GREETING)
        return ungreeted(slot, stop, still);
    return slot->connecting ? client(slot, stop, still) : server(slot, stop, still);
}
