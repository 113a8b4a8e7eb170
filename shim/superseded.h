#ifndef CURVESHIM_SHIM_SUPERSEDED_H
#define CURVESHIM_SHIM_SUPERSEDED_H

#include "shim/attempt.h"
#include "shim/authorized.h"
#include "shim/bindings.h"

/* While keys are rotated, whoever still uses an old one is named, so that the operator knows when
 * it can go. Thread-safe. */

/* Completes a decision about a client of a listener: it may use a superseded key of its own, or of
 * the server. Then, and as long as that can come about, the decision is to be looked at again soon,
 * for a connection that lasts. now: seconds since 1970 UTC. */
void superseded_judge(struct decision *decision, const struct binding *binding, int64_t now);

/* A socket has connected that will never do so again, while its server's key is rotated: it ends
 * with the server's restart. */
void superseded_warn(const struct attempt *attempt, const struct config *config);

#endif
