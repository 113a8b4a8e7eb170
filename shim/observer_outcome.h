#ifndef CURVESHIM_SHIM_OBSERVER_OUTCOME_H
#define CURVESHIM_SHIM_OBSERVER_OUTCOME_H

#include "shim/handshake.h"
#include "shim/observer_slot.h"

/* What the end of a handshake is made known by: the event "handshake". Each is called once for a
 * connection. errno is left alone. */

/* The slot may be a copy, and its descriptor may be closed. */
void outcome_failed(const struct slot *slot, enum handshake_reason reason, const char *detail);
void outcome_ok(int fd, const struct slot *slot);
/* The look-up of a host's name has failed, with that result of getaddrinfo. */
void outcome_unresolved(const char *host, int result);

#endif
