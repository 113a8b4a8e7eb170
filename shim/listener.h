#ifndef CURVESHIM_SHIM_LISTENER_H
#define CURVESHIM_SHIM_LISTENER_H

#include "shim/attempt.h"
#include "shim/keys.h"
#include "shim/overlap.h"

/* The real zmq_bind of a socket whose options make it a CURVE server: its connections can be told
 * from one another (accepted.h). Like the next two for the holder of the socket's latch. */
int listener_bind(const struct attempt *attempt, const char *endpoint);

/* The listener for clients that know the other key of a server that is rotated: see overlap.h. To
 * the program both are one: zmq_unbind of the endpoint ends both, and ZMQ_LAST_ENDPOINT is the
 * same. */

/* Before the first listener is bound. NULL with *error. */
struct overlap *listener_begin_second(const struct attempt *attempt, struct cert_error *error);

/* After it; resolved is its ZMQ_LAST_ENDPOINT, older whether the second key is the older one. 0, or
 * -1 with *error, and the first listener is on its way out too. */
int listener_bind_second(const struct attempt *attempt, const struct config *config,
                         struct overlap *overlap, const struct keypair *pair, bool older,
                         const char *resolved, struct cert_error *error);

#endif
