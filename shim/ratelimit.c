#include "shim/ratelimit.h"

#include <string.h>

#include "shim/table.h"

static uint64_t kind(const char *event, const char *peer, const char *reason)
{
    uint64_t parts[3] = {table_hash(event, strlen(event)), table_hash(peer, strlen(peer)),
                         table_hash(reason, strlen(reason))};

    return table_hash(parts, sizeof parts) | 1;
}

static bool take_token(struct ratelimit *limits, int64_t now)
{
    if (!limits->started) {
        limits->started = true;
        limits->tokens = RATELIMIT_BURST;
        limits->refilled = now;
    }
    if (now - limits->refilled >= RATELIMIT_REFILL) {
        int64_t more = (now - limits->refilled) / RATELIMIT_REFILL;

        limits->tokens = more > RATELIMIT_BURST - (int64_t)limits->tokens
                             ? RATELIMIT_BURST
                             : limits->tokens + (unsigned)more;
        limits->refilled = now;
    }
    if (limits->tokens == 0)
        return false;
    limits->tokens--;
    return true;
}

static unsigned longer(unsigned interval)
{
    return interval == RATELIMIT_SOON ? RATELIMIT_LATER : 60000;
}

bool ratelimit_pass(struct ratelimit *limits, const char *event, const char *peer,
                    const char *reason, unsigned second, int64_t now, unsigned *held)
{
    uint64_t hash = kind(event, peer, reason);
    size_t base = hash / 2 % (RATELIMIT_SLOTS / RATELIMIT_WAYS) * RATELIMIT_WAYS, at = base;

    *held = 0;
    for (size_t i = base; i < base + RATELIMIT_WAYS; i++) {
        if (limits->slots[i].hash == hash) {
            at = i;
            break;
        }
        if (limits->slots[i].until < limits->slots[at].until)
            at = i;
    }
    if (limits->slots[at].hash != hash) {
        if (!take_token(limits, now))
            return false;
        limits->slots[at].hash = hash;
        limits->slots[at].held = 0;
        limits->slots[at].interval = second;
        limits->slots[at].until = now + limits->slots[at].interval;
        return true;
    }
    if (now < limits->slots[at].until || !take_token(limits, now)) {
        limits->slots[at].held++;
        return false;
    }
    *held = limits->slots[at].held;
    limits->slots[at].interval =
        now - limits->slots[at].until > limits->slots[at].interval && *held == 0
            ? second
            : longer(limits->slots[at].interval);
    limits->slots[at].held = 0;
    limits->slots[at].until = now + limits->slots[at].interval;
    return true;
}

void ratelimit_forget(struct ratelimit *limits, const char *event, const char *peer,
                      const char *reason)
{
    uint64_t hash = kind(event, peer, reason);
    size_t base = hash / 2 % (RATELIMIT_SLOTS / RATELIMIT_WAYS) * RATELIMIT_WAYS;

    for (size_t i = base; i < base + RATELIMIT_WAYS; i++)
        if (limits->slots[i].hash == hash)
            memset(&limits->slots[i], 0, sizeof limits->slots[i]);
}
