#ifndef CURVESHIM_SHIM_WIRE_PEER_H
#define CURVESHIM_SHIM_WIRE_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

/* The other end of a connection on the wire, as endpoints spell it; and which of them stay in
 * clear. Thread-safe. */

#define WIRE_PEER_TEXT 192

/* "tcp://192.0.2.1:5555", "tcp://[::1]:5555", "ipc:///path", "ipc://@name"; IPv4-mapped addresses
 * as IPv4. false for other families and for sockets without a name ("" is written). */
bool wire_peer_text(char text[WIRE_PEER_TEXT], const struct sockaddr *address, socklen_t size);

/* Of a connected descriptor: what it was connected to, or, for an accepted one, the listener's
 * address (local) and who came (remote). */
bool wire_peer_remote(char text[WIRE_PEER_TEXT], int fd);
bool wire_peer_local(char text[WIRE_PEER_TEXT], int fd);

/* Whether SECURE_ZMQ_PLAINTEXT exempts a connection: its address matches a glob, or is one that an
 * exempted endpoint stands for. */
bool wire_peer_is_exempted(int fd, bool connecting);

/* An endpoint that was exempted by the name that the program used: its numeric addresses stay in
 * clear as well. For a bind, resolved is ZMQ_LAST_ENDPOINT; for a connect, NULL: names are looked
 * up here. */
void wire_peer_exempt(const char *endpoint, const char *resolved);

#endif
