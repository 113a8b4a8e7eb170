#include "shim/observer_life.h"

#include <errno.h>
#include <unistd.h>

#include "shim/observer_clock.h"
#include "shim/observer_internal.h"
#include "shim/observer_outcome.h"

/* After so long, what has stopped is left alone. */
#define FORGOTTEN_MS 120000

static uint64_t lives;
static uint64_t first = 1; /* of this process */
static pid_t owner;

void life_begins(struct slot *slot)
{
    if (__atomic_load_n(&owner, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&owner, getpid(), __ATOMIC_RELAXED);
    slot->began = observer_now();
    __atomic_store_n(&slot->moved, slot->began, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->life, __atomic_add_fetch(&lives, 1, __ATOMIC_RELAXED),
                     __ATOMIC_RELEASE);
    observer_clock_wake();
}

void life_moves(struct slot *slot)
{
    __atomic_store_n(&slot->moved, observer_now(), __ATOMIC_RELEASE);
}

/* True for the one who is to tell of that life. */
static bool claim(struct slot *slot, uint64_t life, uint64_t told)
{
    return life != 0 && told != life &&
           __atomic_compare_exchange_n(&slot->told, &told, life, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static bool claim_own(struct slot *slot)
{
    return claim(slot, slot->life, __atomic_load_n(&slot->told, __ATOMIC_RELAXED));
}

void life_untold(struct slot *slot)
{
    (void)claim_own(slot);
}

void life_fails(struct slot *slot, enum handshake_reason reason, const char *detail)
{
    if (claim_own(slot))
        outcome_failed(slot, reason, detail);
}

void life_hung_up(struct slot *slot)
{
    struct verdict_on verdict = observer_judge(slot, STOP_HUNG_UP, 0);

    if (claim_own(slot) && verdict.tell)
        outcome_failed(slot, verdict.reason, verdict.detail);
}

void life_succeeds(int fd, struct slot *slot)
{
    (void)claim_own(slot);
    slot->live = true;
    outcome_ok(fd, slot);
}

static bool is_under_way(const struct slot *slot, uint64_t life)
{
    return life >= __atomic_load_n(&first, __ATOMIC_RELAXED) &&
           __atomic_load_n(&slot->told, __ATOMIC_RELAXED) != life;
}

void life_replaced(int fd)
{
    struct slot *slot = slot_if_any(fd);
    struct verdict_on verdict;
    int saved = errno;

    if (slot == NULL || !is_under_way(slot, slot->life) ||
        /* A vfork child runs on its parent's memory. */
        getpid() != __atomic_load_n(&owner, __ATOMIC_RELAXED))
        return;
    verdict = observer_judge(slot, STOP_CLOSED, observer_now() - slot->moved);
    if (claim_own(slot) && verdict.tell)
        outcome_failed(slot, verdict.reason, verdict.detail);
    errno = saved;
}

/* The thread of the descriptor may write meanwhile. What does not fit together then is found by its
 * life and its last move, so this race is left to be. */
__attribute__((no_sanitize("thread"))) static void snapshot(struct slot *copy,
                                                            const struct slot *slot)
{
    const volatile uint64_t *from = (const volatile uint64_t *)slot;
    uint64_t *to = (uint64_t *)copy;

    _Static_assert(sizeof *slot % sizeof *from == 0, "a slot is whole words");
    for (size_t i = 0; i < sizeof *slot / sizeof *from; i++)
        to[i] = from[i];
}

/* copy was taken of slot, which its own thread may have changed since. */
static void look(int fd, struct slot *slot, const struct slot *copy, int64_t now)
{
    int64_t still = now - copy->moved;
    bool gone = observer_inode(fd) != copy->inode;
    struct verdict_on verdict;

    if (!gone && still < JUDGE_STALLED_MS)
        return;
    verdict = observer_judge(copy, gone ? STOP_CLOSED : STOP_STALLED, still);
    if (!gone && !verdict.tell && still < FORGOTTEN_MS)
        return;
    if (__atomic_load_n(&slot->moved, __ATOMIC_ACQUIRE) == copy->moved &&
        claim(slot, copy->life, copy->told) && verdict.tell)
        outcome_failed(copy, verdict.reason, verdict.detail);
}

void lives_count(size_t *servers, size_t *clients)
{
    *servers = *clients = 0;
    for (int fd = 0; fd <= slot_highest(); fd++) {
        const struct slot *slot = slot_if_any(fd);
        struct slot copy;

        if (slot == NULL || __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) < first)
            continue;
        snapshot(&copy, slot);
        if (copy.live && copy.inode != 0 && observer_inode(fd) == copy.inode)
            ++*(copy.connecting ? clients : servers);
    }
}

size_t lives_sweep(void)
{
    int64_t now = observer_now();
    size_t under_way = 0;

    for (int fd = 0; fd <= slot_highest(); fd++) {
        unsigned char state = observer_state(fd);
        struct slot *slot, copy;
        uint64_t life;

        if (!(state & (OBSERVER_WATCHED | OBSERVER_CONNECTING)) || (state & QUIET) == QUIET)
            continue;
        slot = slot_if_any(fd);
        life = slot == NULL ? 0 : __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);
        if (life == 0 || !is_under_way(slot, life))
            continue;
        snapshot(&copy, slot);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (copy.life == life && __atomic_load_n(&slot->life, __ATOMIC_RELAXED) == life)
            look(fd, slot, &copy, now);
        under_way += is_under_way(slot, life);
    }
    return under_way;
}

void lives_forked(void)
{
    first = lives + 1;
    owner = 0;
}
