#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/locks.h"
#include "shim/log.h"
#include "shim/overlap_internal.h"

/* How descriptors of overlapping listeners end: by libzmq, or by a program that closes, or puts
 * others in the place of, what it does not know. */

#define LOOK_MS 800

/* Locked: the connections that wait for it are to be closed, and no others will. */
static void let_go(struct overlap *overlap, struct remains *remains)
{
    remains->waiting = overlap->waiting.first;
    for (struct trial *each = remains->waiting; each != NULL; each = each->behind)
        trials_take_out(each);
    overlap->waiting = (struct trial_queue){NULL, NULL};
    trials_leave(overlap);
    trials_unflag(overlap->listener);
    overlap->listener = -1;
}

void overlap_lose(struct overlap *overlap, struct remains *remains)
{
    if (overlap->lost)
        return;
    overlap->lost = true;
    let_go(overlap, remains);
    memcpy(remains->lost, overlap->endpoint, sizeof remains->lost);
}

void overlap_take_apart(struct overlap *overlap, struct remains *remains)
{
    struct overlap **at = &overlaps;

    while (*at != overlap)
        at = &(*at)->next;
    *at = overlap->next;
    let_go(overlap, remains);
    trials_unflag(overlap->wake.fd);
    remains->overlap = overlap;
}

static void close_all(struct trial *waiting)
{
    while (waiting != NULL) {
        struct trial *trial = waiting;

        waiting = trial->behind;
        if (observer_inode(trial->fd) == trial->inode)
            syscall(SYS_close, trial->fd);
        free(trial);
    }
}

static void tell_lost(const char *endpoint)
{
    struct event event;

    event_init(&event, EVENT_ERROR, "bind",
               "clients that know the other key of this server cannot come in any more: the "
               "program has closed the descriptor that their listener waits on. Bind the endpoint "
               "anew, or restart the program");
    event_text(&event, "endpoint", endpoint);
    event_text(&event, "call", "zmq_bind");
    log_event(&event);
}

void overlap_bury(struct remains *remains)
{
    int saved = errno;

    free(remains->trial);
    close_all(remains->waiting);
    free(remains->overlap);
    if (remains->lost[0] != '\0')
        tell_lost(remains->lost);
    errno = saved;
}

/* Locked. */
static bool hand_over(struct trial *trial, struct remains *remains)
{
    struct overlap *overlap = trial->overlap;

    if (!trial_may_be_handed(trial))
        return false;
    if (!wake_is_there(&overlap->wake)) {
        overlap_lose(overlap, remains);
        return false;
    }
    if (!wake_give(&overlap->wake))
        return false;
    trial->stage = TRIAL_HANDED;
    trials_wait(&overlap->waiting, trial);
    return true;
}

/* Locked: true if the connection stays open. */
static bool end_trial(int fd, bool by_libzmq, struct remains *remains)
{
    struct trial *trial = overlap_trial(fd, &remains->trial);

    if (trial == NULL)
        return false;
    if (by_libzmq && (trial->stage == TRIAL_HANDED || hand_over(trial, remains)))
        return true;
    overlap_end_trial(trial);
    remains->trial = trial;
    return false;
}

/* Locked: true if what has this number stays open. The program does not know of ours, and has no
 * use for their end; what libzmq takes for its own may be the program's by now. */
static bool end_wake(struct overlap *overlap, bool by_libzmq, struct remains *remains)
{
    const bool there = wake_is_there(&overlap->wake);

    if (by_libzmq)
        overlap_take_apart(overlap, remains);
    else if (!there)
        overlap_lose(overlap, remains);
    return there != by_libzmq;
}

bool overlap_close(int fd, bool by_libzmq)
{
    struct remains remains = {0};
    struct overlap *wakes, *listens;
    bool stays;

    if (!overlap_is_ours())
        return false;
    lock_take(LOCK_OVERLAP);
    stays = end_trial(fd, by_libzmq, &remains);
    listens = overlap_of_listener(fd);
    wakes = overlap_of_wake(fd);
    if (wakes != NULL) {
        stays = end_wake(wakes, by_libzmq, &remains);
    } else if (listens != NULL) {
        listens->listener = -1;
        trials_unflag(fd);
    }
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
    return stays;
}

bool overlap_is_lost(int fd)
{
    struct remains remains = {0};
    struct overlap *overlap;
    bool lost = false;

    if (!overlap_is_ours())
        return false;
    lock_take(LOCK_OVERLAP);
    overlap = overlap_of_wake(fd);
    if (overlap != NULL && !wake_is_there(&overlap->wake))
        overlap_lose(overlap, &remains);
    if (overlap != NULL)
        lost = overlap->lost;
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
    return lost;
}

/* Locked. */
static void replace(int fd, bool by_libzmq, struct remains *remains)
{
    struct trial *trial = trials_find(fd);
    struct overlap *listens = overlap_of_listener(fd), *wakes = overlap_of_wake(fd);

    if (trial != NULL) {
        overlap_end_trial(trial);
        remains->trial = trial;
    }
    if (listens != NULL) {
        listens->listener = -1;
        trials_unflag(fd);
    }
    if (wakes == NULL)
        return;
    overlap_lose(wakes, remains);
    /* It closes this number for either now. */
    if (by_libzmq)
        overlap_take_apart(wakes, remains);
}

void overlap_born(int fd, bool by_libzmq)
{
    struct remains remains = {0};

    if (!overlap_is_ours())
        return;
    lock_take(LOCK_OVERLAP);
    replace(fd, by_libzmq, &remains);
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
}

long overlap_look(void)
{
    struct remains remains = {0};
    struct overlap *each;
    bool any;

    lock_take(LOCK_OVERLAP);
    each = overlaps;
    any = each != NULL;
    while (each != NULL && (each->lost || wake_is_there(&each->wake)))
        each = each->next;
    if (each != NULL)
        overlap_lose(each, &remains);
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
    return each != NULL ? 0 : any ? LOOK_MS : -1;
}
