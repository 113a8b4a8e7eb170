#ifndef CURVESHIM_SHIM_ACCEPTED_H
#define CURVESHIM_SHIM_ACCEPTED_H

#include <sys/socket.h>

/* Tells the authenticator which connection asks. All that libzmq lets it know of that is the peer's
 * address, which is what getnameinfo made of what getpeername said of the descriptor. Both are
 * called by the thread that accepts, right after accept, on the same buffer; what getnameinfo
 * answers there gets a label (connection_label.h), and the connection enters the table
 * (connections.h). Nobody else's calls are touched: only the first such pair after an accept, in
 * the same thread, from a listener that the shim secured.
 *
 * Per thread, no lock; the functions are called by hooks. errno is left alone. */

/* This thread enters the zmq_bind of a secured listener: sockets that it makes are such listeners,
 * and so is given, unless it is -1 (ZMQ_USE_FD). */
void accepted_bind_begins(int given);
void accepted_bind_ends(void);

/* socket returned fd. */
void accepted_socket(int fd);
/* accept on listener returned fd. */
void accepted_connection(int listener, int fd);
/* And wrote its peer to address: of a peer that has gone by then, getpeername tells nothing. */
void accepted_from(int fd, const struct sockaddr *address, socklen_t size);
/* getpeername wrote the peer of fd to address, getsockname its own end. */
void accepted_asked(int fd, const struct sockaddr *address, socklen_t size);
void accepted_asked_own(int fd, const struct sockaddr *address, socklen_t size);
/* getnameinfo wrote the name of address to host, of size bytes, or failed with result. What it has
 * to return. */
int accepted_named(const struct sockaddr *address, socklen_t length, char *host, size_t size,
                   int result);

#endif
