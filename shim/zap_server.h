#ifndef CURVESHIM_SHIM_ZAP_SERVER_H
#define CURVESHIM_SHIM_ZAP_SERVER_H

#include "shim/registry.h"

/* Answers the ZAP requests that arrive at socket, a bound ROUTER socket of that context, and keeps
 * the set of authorised keys up to date meanwhile. What concerns the program's own ZAP handler is
 * put to it. Returns when the socket fails: the errno, which is ETERM when the context ends. */
int zap_serve(const struct zmqlib *lib, void *socket, struct context *context);

#endif
