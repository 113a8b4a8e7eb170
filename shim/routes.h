#ifndef CURVESHIM_SHIM_ROUTES_H
#define CURVESHIM_SHIM_ROUTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "certs/z85.h"

/* What a connection on the wire belongs to: the endpoint that the program connected or bound, and
 * the server's key there. Thread-safe. */

#define ROUTE_ENDPOINT 256
#define ROUTE_SOURCE 600

struct route {
    bool server;
    char endpoint[ROUTE_ENDPOINT]; /* ZMQ_LAST_ENDPOINT of a bind, as passed to zmq_connect; cut */
    char source[ROUTE_SOURCE];     /* client: where the server's key came from, else "" */
    char key[KEY_Z85 + 1]; /* the server's public one; "": the program secured the socket itself */
};

/* The program bound or connected. where: ZMQ_LAST_ENDPOINT of a bind, else the endpoint in full;
 * socket is only a label. Out of memory, nothing is remembered. */
void routes_add(const void *socket, const struct route *route, const char *where);
/* endpoint NULL: everything of the socket. */
void routes_forget(const void *socket, const char *endpoint);

/* Names the place of an endpoint or address; never 0. */
uint64_t routes_key(bool server, const char *endpoint);
/* The same for what is connected to; uses the host name that this thread looked up for it. 0 for
 * families that libzmq does not connect to. */
uint64_t routes_key_connected(const struct sockaddr *address, socklen_t size);
/* For the local address of an accepted connection: finds listeners on all addresses as well. */
bool routes_find_listener(struct route *route, const char *local);
bool routes_find(struct route *route, uint64_t key);
bool routes_has(uint64_t key);
/* Any endpoint that the program connects to on that host. */
bool routes_find_host(struct route *route, const char *host);

/* This thread has looked up the addresses of a host; first is the one that libzmq will take. */
void routes_resolved(const char *host, const struct sockaddr *first);

#endif
