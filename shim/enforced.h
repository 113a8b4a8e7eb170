#ifndef CURVESHIM_SHIM_ENFORCED_H
#define CURVESHIM_SHIM_ENFORCED_H

#include "shim/registry.h"

/* Where the program asked libzmq to refuse everybody while no ZAP handler is bound
 * (ZMQ_ZAP_ENFORCE_DOMAIN), on sockets that the shim left as they are. The authenticator is always
 * bound, so it has to refuse them then. Known by ZAP domain; thread-safe. */

/* After a bind or connect that was left as it is; the caller holds the latch. */
void enforced_note(struct sock *sock);
/* zmq_close. */
void enforced_closed(struct sock *sock);

bool enforced_has(const struct context *context, const char *domain);

#endif
