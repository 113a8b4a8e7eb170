#ifndef CURVESHIM_SHIM_OVERLAP_INTERNAL_H
#define CURVESHIM_SHIM_OVERLAP_INTERNAL_H

#include "shim/bindings.h"
#include "shim/overlap.h"
#include "shim/trials.h"
#include "shim/wake.h"

/* What overlap.c and overlap_end.c share; all of it with LOCK_OVERLAP held, unless a line says so.
 */

struct overlap {
    struct overlap *next;
    int listener;     /* -1: not yet, or closed */
    struct wake wake; /* the second listener's */
    /* The wake descriptor has gone. Its number stays flagged, as libzmq still takes it for its own.
     */
    bool lost;
    struct trial_queue waiting;
    char endpoint[BINDING_ENDPOINT];
};

extern struct overlap *overlaps;

/* Whether this process made them: a vfork child runs on this memory, with descriptors of its own.
 * Without the lock, too. */
bool overlap_is_ours(void);
struct overlap *overlap_of_wake(int fd);
struct overlap *overlap_of_listener(int fd);

/* The trial of a descriptor that is still the same connection; NULL if there is none. One whose
 * descriptor is another's by now leaves, and is put into *stale for the caller to free. */
struct trial *overlap_trial(int fd, struct trial **stale);
/* A trial ends; the caller frees it. */
void overlap_end_trial(struct trial *trial);

/* What has ended, to be done with by overlap_bury without the lock. */
struct remains {
    struct trial *trial;
    struct trial *waiting; /* connections that are to be closed */
    struct overlap *overlap;
    char lost[BINDING_ENDPOINT]; /* of an overlap that was lost; "": none was */
};

/* Its second listener cannot be woken any more. */
void overlap_lose(struct overlap *overlap, struct remains *remains);
/* It has ended. */
void overlap_take_apart(struct overlap *overlap, struct remains *remains);
void overlap_bury(struct remains *remains);

#endif
