#ifndef CURVESHIM_SHIM_SOCKOPT_H
#define CURVESHIM_SHIM_SOCKOPT_H

#include "shim/registry.h"

/* What the shim has to remember of the program's own socket options. */

/* After a zmq_setsockopt of the program that returned result; the caller holds the latch. */
void sockopt_was_set(struct sock *sock, int option, const void *value, size_t size, int result);

/* Whether the ZAP domain that libzmq would show is one that the shim left behind. */
bool sockopt_hides_domain(void *socket);

/* zmq_getsockopt of an empty ZAP domain. */
int sockopt_empty_domain(void *value, size_t *size);

#endif
