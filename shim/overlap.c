#include "shim/overlap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/high_descriptor.h"
#include "shim/locks.h"
#include "shim/trials.h"

struct overlap {
    struct overlap *next;
    int listener; /* -1: not yet, or closed */
    int wake;     /* the second listener's */
    struct trial *waiting, **last;
};

/* LOCK_OVERLAP. */
static struct overlap *overlaps;
static pid_t owner;

/* Whose bind this thread is in. */
static __thread __attribute__((tls_model("initial-exec"))) struct overlap *binding;

/* A vfork child runs on this memory, with descriptors of its own. */
static bool is_ours(void)
{
    return getpid() == owner;
}

struct overlap *overlap_begin(void)
{
    struct overlap *overlap = calloc(1, sizeof *overlap);
    int fd = overlap != NULL ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE) : -1;

    if (fd >= 0)
        fd = high_descriptor(fd);
    if (fd < 0 || fd >= OBSERVER_TABLE) {
        if (fd >= 0)
            syscall(SYS_close, fd);
        free(overlap);
        errno = fd >= 0 ? EMFILE : errno;
        return NULL;
    }
    overlap->listener = -1;
    overlap->wake = fd;
    overlap->last = &overlap->waiting;
    lock_take(LOCK_OVERLAP);
    owner = getpid();
    overlap->next = overlaps;
    overlaps = overlap;
    trials_flag(fd);
    lock_drop(LOCK_OVERLAP);
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
    return overlap->wake;
}

void overlap_bound(void)
{
    binding = NULL;
}

int overlap_named(int fd)
{
    return overlap_flagged(fd) && binding != NULL && binding->wake == fd ? binding->listener : fd;
}

/* Locked: what is left of it, once its second listener is gone: the connections that wait, whose
 * descriptors are to be closed. */
static struct trial *take_apart(struct overlap *overlap)
{
    struct trial *waiting = overlap->waiting;
    struct overlap **at = &overlaps;

    while (*at != overlap)
        at = &(*at)->next;
    *at = overlap->next;
    for (struct trial *each = waiting; each != NULL; each = each->behind)
        trials_take_out(each);
    trials_leave(overlap);
    trials_unflag(overlap->wake);
    trials_unflag(overlap->listener);
    return waiting;
}

static void close_all(struct trial *waiting)
{
    while (waiting != NULL) {
        struct trial *trial = waiting;

        waiting = trial->behind;
        syscall(SYS_close, trial->fd);
        free(trial);
    }
}

void overlap_end(struct overlap *overlap)
{
    struct trial *waiting;
    int saved = errno, wake = overlap->wake;

    binding = NULL;
    lock_take(LOCK_OVERLAP);
    waiting = take_apart(overlap);
    lock_drop(LOCK_OVERLAP);
    syscall(SYS_close, wake);
    close_all(waiting);
    free(overlap);
    errno = saved;
}

/* Locked. */
static struct overlap *of_wake(int fd)
{
    struct overlap *overlap = overlaps;

    while (overlap != NULL && overlap->wake != fd)
        overlap = overlap->next;
    return overlap;
}

static struct overlap *of_listener(int fd)
{
    struct overlap *overlap = overlaps;

    while (overlap != NULL && overlap->listener != fd)
        overlap = overlap->next;
    return overlap;
}

/* Locked: the first that waits. */
static struct trial *next_waiting(struct overlap *overlap)
{
    struct trial *trial = overlap->waiting;
    uint64_t count;

    (void)!syscall(SYS_read, overlap->wake, &count, sizeof count);
    if (trial == NULL)
        return NULL;
    overlap->waiting = trial->behind;
    if (overlap->waiting == NULL)
        overlap->last = &overlap->waiting;
    trial->stage = TRIAL_SECOND;
    trial->sent = 0;
    return trial;
}

int overlap_accept(int fd)
{
    struct overlap *overlap;
    struct trial *trial = NULL;

    if (!is_ours())
        return OVERLAP_NOT;
    lock_take(LOCK_OVERLAP);
    overlap = of_wake(fd);
    if (overlap != NULL)
        trial = next_waiting(overlap);
    lock_drop(LOCK_OVERLAP);
    if (overlap == NULL)
        return OVERLAP_NOT;
    if (trial == NULL)
        errno = EAGAIN;
    return trial != NULL ? trial->fd : -1;
}

void overlap_accepted(int listener, int fd)
{
    struct trial *trial;
    int saved = errno;

    if (fd < 0 || fd >= OBSERVER_TABLE || !is_ours())
        return;
    trial = calloc(1, sizeof *trial);
    errno = saved;
    if (trial == NULL)
        return;
    trial->fd = fd;
    lock_take(LOCK_OVERLAP);
    trial->overlap = of_listener(listener);
    if (trial->overlap != NULL) {
        trials_add(trial);
        trial = NULL;
    }
    lock_drop(LOCK_OVERLAP);
    free(trial);
}

static void hand_over(struct trial *trial)
{
    const uint64_t one = 1;

    trial->stage = TRIAL_HANDED;
    *trial->overlap->last = trial;
    trial->overlap->last = &trial->behind;
    (void)!syscall(SYS_write, trial->overlap->wake, &one, sizeof one);
}

/* Locked, and fd is being closed: true if it stays open. *trial is to be freed, *overlap too, and
 * *waiting to be closed. */
static bool forget(int fd, bool may_hand, struct trial **trial, struct overlap **overlap,
                   struct trial **waiting)
{
    struct trial *found = trials_find(fd);
    struct overlap *listens = of_listener(fd);

    *trial = *waiting = NULL;
    *overlap = of_wake(fd);
    if (found != NULL && found->stage == TRIAL_HANDED)
        return true;
    if (found != NULL && may_hand && trial_may_be_handed(found)) {
        hand_over(found);
        return true;
    }
    if (found != NULL)
        trials_take_out(*trial = found);
    if (listens != NULL) {
        listens->listener = -1;
        trials_unflag(fd);
    }
    if (*overlap != NULL)
        *waiting = take_apart(*overlap);
    return false;
}

static bool end_of(int fd, bool may_hand)
{
    struct trial *trial, *waiting;
    struct overlap *overlap;
    int saved = errno;
    bool stays;

    if (!is_ours())
        return false;
    lock_take(LOCK_OVERLAP);
    stays = forget(fd, may_hand, &trial, &overlap, &waiting);
    lock_drop(LOCK_OVERLAP);
    free(trial);
    free(overlap);
    close_all(waiting);
    errno = saved;
    return stays;
}

bool overlap_close(int fd)
{
    return end_of(fd, true);
}

void overlap_born(int fd)
{
    (void)end_of(fd, false);
}

size_t overlap_replay(int fd, void *buffer, size_t size)
{
    struct trial *trial;

    lock_take(LOCK_OVERLAP);
    trial = trials_find(fd);
    if (trial == NULL || trial->stage != TRIAL_SECOND || trial->given == trial->said)
        size = 0;
    else if (size > trial->said - trial->given)
        size = trial->said - trial->given;
    if (size > 0) {
        memcpy(buffer, trial->bytes + trial->given, size);
        trial->given += size;
    }
    lock_drop(LOCK_OVERLAP);
    return size;
}

size_t overlap_swallow(int fd, size_t size)
{
    struct trial *trial;

    lock_take(LOCK_OVERLAP);
    trial = trials_find(fd);
    if (trial == NULL || trial->stage != TRIAL_SECOND || trial->sent == WIRE_GREETING)
        size = 0;
    else if (size > WIRE_GREETING - trial->sent)
        size = WIRE_GREETING - trial->sent;
    if (size > 0)
        trial->sent += size;
    lock_drop(LOCK_OVERLAP);
    return size;
}

void overlap_received(int fd, const void *buffer, size_t size)
{
    struct trial *trial, *done = NULL;

    lock_take(LOCK_OVERLAP);
    trial = trials_find(fd);
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
    struct trial *trial, *done = NULL;

    lock_take(LOCK_OVERLAP);
    trial = trials_find(fd);
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
        trials_unflag(each->wake);
        trials_unflag(each->listener);
    }
    trials_forget();
    overlaps = NULL;
    binding = NULL;
}
