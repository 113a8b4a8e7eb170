#ifndef CURVESHIM_SHIM_SOCKOPT_H
#define CURVESHIM_SHIM_SOCKOPT_H

#include "shim/bindings.h"
#include "shim/registry.h"

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

/* What the shim has to remember of the program's own socket options. */

/* After a zmq_setsockopt of the program that returned result; the caller holds the latch. */
void sockopt_was_set(struct sock *sock, int option, const void *value, size_t size, int result);

/* Whether the ZAP domain that libzmq would show is one that the shim left behind. */
bool sockopt_hides_domain(void *socket);

/* The program's own ZAP domain of a socket, "" if it has none, and whether it set
 * ZMQ_ZAP_ENFORCE_DOMAIN. 0, or -1 with libzmq's errno. The caller holds the latch. */
int sockopt_own_domain(const struct sock *sock, char domain[BINDING_OWN_DOMAIN], bool *enforced);

/* The same of a socket that is not known. */
int sockopt_domain(const struct zmqlib *lib, void *socket, char domain[BINDING_OWN_DOMAIN],
                   bool *enforced);

/* zmq_getsockopt of an empty ZAP domain. */
int sockopt_empty_domain(void *value, size_t *size);

#endif
