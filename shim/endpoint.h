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

/* What ZMQ_LAST_ENDPOINT will say of a tcp endpoint to bind: "*" and names of interfaces become
 * addresses. Called with each spelling until visit returns true; returns whether it did. Nothing
 * is called for a wildcard port, which only libzmq can choose. */
bool endpoint_resolutions(const char *endpoint,
                          bool (*visit)(const void *argument, const char *resolved),
                          const void *argument);

#endif
