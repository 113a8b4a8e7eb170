#ifndef CURVESHIM_SHIM_AUTHENTICATOR_H
#define CURVESHIM_SHIM_AUTHENTICATOR_H

#include "certs/error.h"
#include "shim/registry.h"

/* The ZAP authenticator (ZeroMQ RFC 27): one thread per context and process, bound to
 * inproc://zeromq.zap.01 in that context. It ends by itself when the context ends. */

/* Makes sure that the context's authenticator answers. Before a listener is secured,
 * authorized_load must have succeeded. 0, or -1 with *error; code ETERM means that the context is
 * ending, which is no fault. Thread-safe. */
int authenticator_ensure(struct context *context, struct cert_error *error);

bool authenticator_is_up(struct context *context);

/* After the real end of a context: waits for the thread, which is ending, to be gone. */
void authenticator_join(struct context *context);

#endif
