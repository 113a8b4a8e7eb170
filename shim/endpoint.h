#ifndef CURVESHIM_SHIM_ENDPOINT_H
#define CURVESHIM_SHIM_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/* Endpoints as libzmq spells them. */

enum transport {
    TRANSPORT_NONE, /* no "://": libzmq refuses it by itself */
    TRANSPORT_INPROC,
    TRANSPORT_TCP,
    TRANSPORT_IPC,
    TRANSPORT_OTHER,
};

enum transport endpoint_transport(const char *endpoint);

#define ENDPOINT_RESOLVED 1200 /* room for the longest host name, brackets and port */

/* What ZMQ_LAST_ENDPOINT will say of a tcp endpoint to bind, on a socket with or without ZMQ_IPV6:
 * "*" and names of interfaces become the address that libzmq will choose. False where there is
 * nothing to resolve, and for a wildcard port, which only the kernel can choose. */
bool endpoint_resolve(char resolved[ENDPOINT_RESOLVED], const char *endpoint, bool ipv6);

#endif
