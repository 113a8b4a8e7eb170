#include "shim/overlap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/locks.h"
#include "shim/overlap_internal.h"

struct overlap *overlaps;
static pid_t owner; /* LOCK_OVERLAP */

/* Whose bind this thread is in. */
static __thread __attribute__((tls_model("initial-exec"))) struct overlap *binding;

bool overlap_is_ours(void)
{
    return getpid() == owner;
}

/* Puts it into the list. False if its number is one that libzmq still takes for a lost one's: that
 * one keeps what has it now. */
static bool enlist(struct overlap *overlap)
{
    struct remains remains = {0};
    struct overlap *former;

    lock_take(LOCK_OVERLAP);
    owner = getpid();
    former = overlap_of_wake(overlap->wake.fd);
    if (former != NULL) {
        overlap_lose(former, &remains);
    } else {
        overlap->next = overlaps;
        overlaps = overlap;
        trials_flag(overlap->wake.fd);
    }
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
    return former == NULL;
}

struct overlap *overlap_begin(void)
{
    struct overlap *overlap = calloc(1, sizeof *overlap);

    if (overlap == NULL)
        return NULL;
    overlap->listener = -1;
    do {
        if (wake_open(&overlap->wake) != 0) {
            free(overlap);
            return NULL;
        }
        if (overlap->wake.fd >= OBSERVER_TABLE) {
            wake_close(&overlap->wake);
            free(overlap);
            errno = EMFILE;
            return NULL;
        }
    } while (!enlist(overlap));
    binding = overlap;
    return overlap;
}

void overlap_listening(int fd)
{
    if (binding == NULL || fd < 0 || fd >= OBSERVER_TABLE)
        return;
    lock_take(LOCK_OVERLAP);
    binding->listener = fd;
    trials_flag(fd);
    lock_drop(LOCK_OVERLAP);
}

void overlap_listen(int fd)
{
    if (binding != NULL && binding->listener < 0)
        overlap_listening(fd);
}

int overlap_descriptor(struct overlap *overlap)
{
    binding = overlap;
    return overlap->wake.fd;
}

void overlap_bound(const char *endpoint)
{
    lock_take(LOCK_OVERLAP);
    snprintf(binding->endpoint, sizeof binding->endpoint, "%s", endpoint);
    lock_drop(LOCK_OVERLAP);
    binding = NULL;
}

int overlap_named(int fd)
{
    return overlap_flagged(fd) && binding != NULL && binding->wake.fd == fd ? binding->listener
                                                                            : fd;
}

void overlap_end(struct overlap *overlap)
{
    struct remains remains = {0};
    int saved = errno;

    binding = NULL;
    lock_take(LOCK_OVERLAP);
    overlap_take_apart(overlap, &remains);
    lock_drop(LOCK_OVERLAP);
    wake_close(&overlap->wake);
    overlap_bury(&remains);
    errno = saved;
}

struct overlap *overlap_of_wake(int fd)
{
    struct overlap *overlap = overlaps;

    while (overlap != NULL && overlap->wake.fd != fd)
        overlap = overlap->next;
    return overlap;
}

struct overlap *overlap_of_listener(int fd)
{
    struct overlap *overlap = overlaps;

    while (overlap != NULL && overlap->listener != fd)
        overlap = overlap->next;
    return overlap;
}

void overlap_end_trial(struct trial *trial)
{
    if (trial->stage == TRIAL_HANDED)
        trials_wait_no_more(&trial->overlap->waiting, trial);
    trials_take_out(trial);
}

struct trial *overlap_trial(int fd, struct trial **stale)
{
    struct trial *trial = trials_find(fd);
    int saved = errno;

    *stale = NULL;
    if (trial == NULL)
        return NULL;
    if (observer_inode(fd) != trial->inode) {
        overlap_end_trial(trial);
        *stale = trial;
        trial = NULL;
    }
    errno = saved;
    return trial;
}

/* Locked: the first that waits, and is still there. */
static struct trial *next_waiting(struct overlap *overlap, struct remains *remains)
{
    struct trial *trial = overlap->waiting.first;

    if (!wake_is_there(&overlap->wake))
        overlap_lose(overlap, remains);
    if (overlap->lost)
        return NULL;
    wake_take(&overlap->wake);
    if (trial == NULL || overlap_trial(trial->fd, &remains->trial) == NULL)
        return NULL;
    trials_wait_no_more(&overlap->waiting, trial);
    trial->stage = TRIAL_SECOND;
    trial->sent = 0;
    return trial;
}

int overlap_accept(int fd, bool by_libzmq)
{
    struct remains remains = {0};
    struct overlap *overlap;
    struct trial *trial = NULL;
    int result = -1;

    if (!by_libzmq || !overlap_is_ours())
        return OVERLAP_NOT;
    lock_take(LOCK_OVERLAP);
    overlap = overlap_of_wake(fd);
    if (overlap != NULL && (trial = next_waiting(overlap, &remains)) != NULL)
        result = trial->fd;
    lock_drop(LOCK_OVERLAP);
    overlap_bury(&remains);
    if (overlap == NULL)
        return OVERLAP_NOT;
    if (result < 0)
        errno = EAGAIN;
    return result;
}

void overlap_accepted(int listener, int fd)
{
    struct trial *trial;
    int saved = errno;

    if (fd < 0 || fd >= OBSERVER_TABLE || !overlap_is_ours())
        return;
    trial = calloc(1, sizeof *trial);
    if (trial != NULL) {
        trial->fd = fd;
        trial->inode = observer_inode(fd);
        lock_take(LOCK_OVERLAP);
        trial->overlap = overlap_of_listener(listener);
        if (trial->overlap != NULL) {
            trials_add(trial);
            trial = NULL;
        }
        lock_drop(LOCK_OVERLAP);
        free(trial);
    }
    errno = saved;
}

size_t overlap_replay(int fd, void *buffer, size_t size)
{
    struct trial *trial, *stale;

    lock_take(LOCK_OVERLAP);
    trial = overlap_trial(fd, &stale);
    if (trial == NULL || trial->stage != TRIAL_SECOND || trial->given == trial->said)
        size = 0;
    else if (size > trial->said - trial->given)
        size = trial->said - trial->given;
    if (size > 0) {
        memcpy(buffer, trial->bytes + trial->given, size);
        trial->given += size;
    }
    lock_drop(LOCK_OVERLAP);
    free(stale);
    return size;
}

size_t overlap_swallow(int fd, size_t size)
{
    struct trial *trial, *stale;

    lock_take(LOCK_OVERLAP);
    trial = overlap_trial(fd, &stale);
    if (trial == NULL || trial->stage != TRIAL_SECOND || trial->sent == WIRE_GREETING)
        size = 0;
    else if (size > WIRE_GREETING - trial->sent)
        size = WIRE_GREETING - trial->sent;
    if (size > 0)
        trial->sent += size;
    lock_drop(LOCK_OVERLAP);
    free(stale);
    return size;
}

void overlap_received(int fd, const void *buffer, size_t size)
{
    struct trial *trial, *done;

    lock_take(LOCK_OVERLAP);
    trial = overlap_trial(fd, &done);
    if (trial != NULL && trial->stage == TRIAL_FIRST) {
        if (size > TRIAL_SAID - trial->said) {
            trials_take_out(done = trial);
        } else {
            memcpy(trial->bytes + trial->said, buffer, size);
            trial->said += size;
        }
    }
    lock_drop(LOCK_OVERLAP);
    free(done);
}

void overlap_sent(int fd, size_t size)
{
    struct trial *trial, *done;

    lock_take(LOCK_OVERLAP);
    trial = overlap_trial(fd, &done);
    if (trial != NULL && trial->stage != TRIAL_HANDED) {
        trial->sent += size;
        /* A WELCOME: its key is found. */
        if (trial->sent > WIRE_GREETING)
            trials_take_out(done = trial);
    }
    lock_drop(LOCK_OVERLAP);
    free(done);
}

void overlap_forked(void)
{
    for (struct overlap *each = overlaps; each != NULL; each = each->next) {
        trials_unflag(each->wake.fd);
        trials_unflag(each->listener);
    }
    trials_forget();
    overlaps = NULL;
    binding = NULL;
}
