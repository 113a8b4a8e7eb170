#include "shim/trials.h"

#include <string.h>

#include "shim/overlap.h"

#define BUCKETS 256

unsigned char overlap_flags[OBSERVER_TABLE / 8];
static struct trial *buckets[BUCKETS];

void trials_flag(int fd)
{
    __atomic_fetch_or(&overlap_flags[fd / 8], (unsigned char)(1 << fd % 8), __ATOMIC_RELEASE);
}

void trials_unflag(int fd)
{
    if (fd >= 0)
        __atomic_fetch_and(&overlap_flags[fd / 8], (unsigned char)~(1 << fd % 8), __ATOMIC_RELEASE);
}

struct trial *trials_find(int fd)
{
    struct trial *trial = buckets[fd % BUCKETS];

    while (trial != NULL && trial->fd != fd)
        trial = trial->next;
    return trial;
}

void trials_add(struct trial *trial)
{
    trial->next = buckets[trial->fd % BUCKETS];
    buckets[trial->fd % BUCKETS] = trial;
    trials_flag(trial->fd);
}

void trials_take_out(struct trial *trial)
{
    struct trial **at = &buckets[trial->fd % BUCKETS];

    while (*at != trial)
        at = &(*at)->next;
    *at = trial->next;
    trials_unflag(trial->fd);
}

void trials_wait(struct trial_queue *queue, struct trial *trial)
{
    trial->behind = NULL;
    if (queue->first == NULL)
        queue->first = trial;
    else
        queue->last->behind = trial;
    queue->last = trial;
}

void trials_wait_no_more(struct trial_queue *queue, struct trial *trial)
{
    struct trial *before = NULL, *each = queue->first;

    while (each != trial) {
        before = each;
        each = each->behind;
    }
    if (before == NULL)
        queue->first = trial->behind;
    else
        before->behind = trial->behind;
    if (queue->last == trial)
        queue->last = before;
    trial->behind = NULL;
}

void trials_leave(const struct overlap *overlap)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct trial *each = buckets[i]; each != NULL; each = each->next)
            if (each->overlap == overlap)
                each->overlap = NULL;
}

void trials_forget(void)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct trial *each = buckets[i]; each != NULL; each = each->next)
            trials_unflag(each->fd);
        buckets[i] = NULL;
    }
}

bool trial_may_be_handed(const struct trial *trial)
{
    static const char head[] = "\x04\xc8\x05HELLO";

    return trial->overlap != NULL && trial->stage == TRIAL_FIRST && trial->said == TRIAL_SAID &&
           trial->sent == WIRE_GREETING &&
           memcmp(trial->bytes + WIRE_GREETING, head, sizeof head - 1) == 0;
}
