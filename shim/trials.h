#ifndef CURVESHIM_SHIM_TRIALS_H
#define CURVESHIM_SHIM_TRIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shim/wire.h"

/* The connections of overlapping listeners (overlap.h) that have not shown yet which key their
 * client knows, by descriptor: what the client has said so far, and how much it was sent. All with
 * LOCK_OVERLAP held, except that flags are read without. */

#define TRIAL_HELLO 202 /* the frame, flags and length included */
#define TRIAL_SAID (WIRE_GREETING + TRIAL_HELLO)

enum trial_stage {
    TRIAL_FIRST,  /* accepted by the first listener */
    TRIAL_HANDED, /* given up by it; waits for the second */
    TRIAL_SECOND, /* accepted by the second */
};

struct trial {
    struct trial *next;      /* of its bucket */
    struct trial *behind;    /* of those that wait */
    struct overlap *overlap; /* NULL: its second listener is gone */
    int fd;
    ino_t inode; /* of its socket */
    enum trial_stage stage;
    size_t said; /* by the client, in bytes */
    size_t sent; /* to it; by the second listener, once that has it */
    size_t given;
    unsigned char bytes[TRIAL_SAID];
};

/* overlap_flags. */
void trials_flag(int fd);
void trials_unflag(int fd);

/* The trial of a descriptor, or NULL. */
struct trial *trials_find(int fd);
/* Allocated by the caller, with fd and overlap set; owned by the table until it is taken out. */
void trials_add(struct trial *trial);
void trials_take_out(struct trial *trial);
/* Those that wait for a second listener, in turn. */
struct trial_queue {
    struct trial *first, *last;
};
void trials_wait(struct trial_queue *queue, struct trial *trial);
void trials_wait_no_more(struct trial_queue *queue, struct trial *trial);
/* Its second listener is gone. */
void trials_leave(const struct overlap *overlap);
/* In the child of a fork: there are none. */
void trials_forget(void);

/* Whether the client waits for an answer to its HELLO, and has had the greeting and nothing else.
 */
bool trial_may_be_handed(const struct trial *trial);

#endif
