#ifndef CURVESHIM_SHIM_ZAP_HANDLER_H
#define CURVESHIM_SHIM_ZAP_HANDLER_H

#include "certs/error.h"
#include "shim/config.h"
#include "shim/registry.h"

/* The ZAP handler that the program itself binds at inproc://zeromq.zap.01. The authenticator has
 * that address, so the handler gets private ones, new ones each time (libzmq lets go of an address
 * a while after zmq_close), and sees, reads back and unbinds the address that it asked for.
 *
 * Thread-safe; errno and results are those that libzmq would give. */

/* A handler has two addresses: all that is connected to one of them can then be dropped while the
 * other stays. */
#define ZAP_HANDLER_LANES 2
/* As long as the address that they stand for: ZMQ_LAST_ENDPOINT takes the same room. */
#define ZAP_HANDLER_NAME 23

/* Makes sure that there is an authenticator for it to be behind. 0, or -1 with *error. */
int zap_handler_prepare(struct context *context, const struct config *config,
                        struct cert_error *error);
/* Binds the socket as its context's handler. The caller holds the socket's latch; the context's
 * authenticator is up. 0, or -1 with errno. */
int zap_handler_bind(struct sock *sock);
/* zmq_unbind or zmq_disconnect of the handler's address. ENOENT if the socket is not bound there.
 */
int zap_handler_unbind(struct sock *sock);
/* Before the real zmq_close of a socket that was bound as a handler. */
void zap_handler_closes(struct sock *sock);

/* Whether ZMQ_LAST_ENDPOINT says a private address, to be shown as ZAP_ENDPOINT. */
bool zap_handler_is_private(const char *endpoint);

/* For the authenticator: the number of the handler that is bound in a context, 0 if there is none;
 * and the highest of those whose socket is closed. */
unsigned long zap_handler_current(const struct context *context);
unsigned long zap_handler_last_closed(const struct context *context);

void zap_handler_name(char name[ZAP_HANDLER_NAME], unsigned long number, unsigned lane);
/* Connects a socket of the shim's to a handler. 0; -1 with ESTALE if that handler is not bound (any
 * more), or libzmq's errno. */
int zap_handler_connect(struct context *context, unsigned long number, const char *name,
                        void *socket);

#endif
