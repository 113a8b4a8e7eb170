#ifndef CURVESHIM_SHIM_CONTEXT_H
#define CURVESHIM_SHIM_CONTEXT_H

#include "shim/registry.h"

/* What the shim does to contexts: room for the authenticator's sockets, more I/O threads where the
 * operator asks, and an end that leaves nothing behind. */

/* zmq_ctx_new and zmq_init by that copy of libzmq; NULL (ENOSYS) if lib is NULL. */
void *context_new(const struct zmqlib *lib);
void *context_init(const struct zmqlib *lib, int io_threads);

/* A context whose making was not seen. */
void context_found(void *address, const struct zmqlib *lib);

/* What a program's zmq_ctx_set of option becomes; remembers the program's own value. */
int context_translate(struct context *context, int option, int value);
/* What a program's zmq_ctx_get of option shows, from what libzmq says. */
int context_untranslate(const struct context *context, int option, int value);

/* Whether the program has as many sockets as it may have. */
bool context_is_full(const struct context *context);

/* Ends a context by the real function (zmq_ctx_term or one of its older names). */
int context_end(void *address, const void *caller, int (*real)(const struct zmqlib *, void *));

#endif
