#ifndef CURVESHIM_SHIM_ENFORCED_H
#define CURVESHIM_SHIM_ENFORCED_H

#include "shim/registry.h"

/* Where the program asked libzmq to refuse everybody while no ZAP handler is bound
 * (ZMQ_ZAP_ENFORCE_DOMAIN), on sockets that the shim left as they are. The authenticator is always
 * bound, so it has to refuse them then. Known by ZAP domain; thread-safe. */

/* Before a bind or connect that is left as it is: the first client may ask before the call returns.
 * 1: noted now, 0: nothing to note, or noted before, -1 with errno: it cannot be noted, and the
 * call must not be made, as clients would be let in. The caller holds the latch, as for
 * enforced_failed. */
int enforced_note(struct sock *sock);
/* Before one on a socket that is not known: out of memory when it was made, or made where it could
 * not be seen. 0: it asks for nothing, -1 as above. */
int enforced_unknown(const struct zmqlib *lib, void *socket);
/* What was noted now was for a call that failed. */
void enforced_failed(struct sock *sock);
/* zmq_close. */
void enforced_closed(struct sock *sock);

bool enforced_has(const struct context *context, const char *domain);

#endif
