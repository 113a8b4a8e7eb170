#ifndef CURVESHIM_SHIM_OBSERVER_LIFE_H
#define CURVESHIM_SHIM_OBSERVER_LIFE_H

#include <stddef.h>

#include "shim/handshake.h"
#include "shim/observer_judge.h"

/* A life is one connection, from the connect or from its first byte to the outcome of its
 * handshake. The outcome is told once, by whoever sees it first: the thread that sends and
 * receives, the clock (observer_clock.h), or whoever uses the descriptor's number anew; the end of
 * a descriptor itself is not seen. */

/* With a slot that is being filled; not needed for what libzmq does not speak on. */
void life_begins(struct slot *slot);
/* Something has come or gone. */
void life_moves(struct slot *slot);

/* An outcome is known to the thread that sends or receives. */
void life_fails(struct slot *slot, enum handshake_reason reason, const char *detail);
void life_hung_up(struct slot *slot);
void life_succeeds(int fd, struct slot *slot);
/* There is nothing to tell of it. */
void life_untold(struct slot *slot);

/* The number of a descriptor is used anew, or was found to be another file's. */
void life_replaced(int fd);

/* How many connections are established whose handshake has ended well, by the own side. */
void lives_count(size_t *servers, size_t *clients);

/* Tells of those that have stopped. How many are still under way. */
size_t lives_sweep(void);

/* In the child of a fork: the parent's connections are the parent's. */
void lives_forked(void);

#endif
