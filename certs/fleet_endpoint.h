#ifndef CURVESHIM_CERTS_FLEET_ENDPOINT_H
#define CURVESHIM_CERTS_FLEET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/error.h"

/* The parts of an endpoint, as far as it takes to tell which bind a connect goes to. Pure. */

enum fleet_transport { FLEET_TCP, FLEET_IPC };

struct fleet_endpoint {
    enum fleet_transport transport;
    const char *host; /* of tcp, without brackets; points into the text, as port does */
    size_t host_length;
    const char *port; /* to the text's end; "" for ipc */
};

/* Takes "tcp://HOST:PORT", "tcp://SOURCE;HOST:PORT" and "ipc://PATH" apart. -1 with *error (without
 * file and line) for anything else. */
int fleet_endpoint_parse(struct fleet_endpoint *endpoint, const char *text,
                         struct cert_error *error);

/* Whether the kernel chooses the port of this bind, or this connect names no certain one. */
bool fleet_endpoint_any_port(const struct fleet_endpoint *endpoint);

/* Names of hosts have no case. */
bool fleet_endpoint_host_is(const struct fleet_endpoint *endpoint, const char *name);

/* The machine itself: localhost, 127.0.0.0/8, ::1. */
bool fleet_endpoint_is_loopback(const struct fleet_endpoint *endpoint);

/* How well a connect fits a bind of the agent that it goes to; 0: not at all. */
enum fleet_fit { FLEET_FIT_NONE, FLEET_FIT_ANY_PORT, FLEET_FIT_PORT, FLEET_FIT_SAME };
enum fleet_fit fleet_endpoint_fit(const char *connect, const char *bind);

#endif
