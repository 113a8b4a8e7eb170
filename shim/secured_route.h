#ifndef CURVESHIM_SHIM_SECURED_ROUTE_H
#define CURVESHIM_SHIM_SECURED_ROUTE_H

#include <stdint.h>

#include "shim/attempt.h"

/* Lets the observer know what the connections of a bind or connect belong to. key: the server's
 * public key, NULL where the program secured the socket by itself; source: where a client has it
 * from, or ""; resolved: ZMQ_LAST_ENDPOINT of a bind, else "". errno is left alone. */
void secured_route(const struct attempt *attempt, const uint8_t *key, const char *source,
                   const char *resolved);

#endif
