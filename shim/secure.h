#ifndef CURVESHIM_SHIM_SECURE_H
#define CURVESHIM_SHIM_SECURE_H

#include "shim/attempt.h"

/* Carries out a bind or connect in the way that the configuration asks for: as a CURVE server or
 * client, in clear where it is exempted or the library is off, or not at all. Returns what the
 * real function returned; for a refusal -1 (0 for zmq_connect_peer) with errno. Thread-safe. */
int64_t secure_call(enum attempt_call call, void *socket, const char *endpoint, const void *caller);

#endif
