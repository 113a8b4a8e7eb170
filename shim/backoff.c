#include "shim/backoff.h"

#define FIRST 50
#define QUIET 30000 /* milliseconds after which a peer starts afresh */

/* Held for a few instructions; a signal handler that finds it taken goes on without. */
static bool enter(struct backoff *backoff)
{
    for (int tries = 0; tries < 10000; tries++)
        if (!__atomic_test_and_set(&backoff->busy, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

static void leave(struct backoff *backoff)
{
    __atomic_clear(&backoff->busy, __ATOMIC_RELEASE);
}

static int find(const struct backoff *backoff, uint64_t peer)
{
    for (int i = 0; i < BACKOFF_SLOTS; i++)
        if (backoff->slots[i].peer == peer)
            return i;
    return -1;
}

bool backoff_holds(struct backoff *backoff, uint64_t peer, int64_t now)
{
    bool holds = false;
    int at;

    if (!enter(backoff))
        return false;
    at = find(backoff, peer);
    if (at >= 0)
        holds = now < backoff->slots[at].until;
    leave(backoff);
    return holds;
}

static int take_slot(struct backoff *backoff, uint64_t peer)
{
    int at = find(backoff, peer);

    if (at >= 0)
        return at;
    at = 0;
    for (int i = 1; i < BACKOFF_SLOTS; i++)
        if (backoff->slots[i].until < backoff->slots[at].until)
            at = i;
    backoff->slots[at].peer = peer;
    backoff->slots[at].interval = 0;
    backoff->slots[at].told = 0;
    return at;
}

unsigned backoff_failed(struct backoff *backoff, uint64_t peer, bool told_to_give_up, int64_t now)
{
    unsigned interval, told;
    int at;

    if (!enter(backoff))
        return 0;
    at = take_slot(backoff, peer);
    if (now - backoff->slots[at].until > QUIET)
        backoff->slots[at].interval = backoff->slots[at].told = 0;
    interval = backoff->slots[at].interval == 0 ? FIRST : backoff->slots[at].interval * 2;
    backoff->slots[at].interval = interval < BACKOFF_MOST ? interval : BACKOFF_MOST;
    backoff->slots[at].until = now + backoff->slots[at].interval;
    backoff->slots[at].told = told_to_give_up ? backoff->slots[at].told + 1 : 0;
    told = backoff->slots[at].told;
    leave(backoff);
    return told;
}

void backoff_clear(struct backoff *backoff, uint64_t peer)
{
    int at;

    if (!enter(backoff))
        return;
    at = find(backoff, peer);
    if (at >= 0) {
        backoff->slots[at].peer = 0;
        backoff->slots[at].until = 0;
    }
    leave(backoff);
}
