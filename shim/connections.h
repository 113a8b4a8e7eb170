#ifndef CURVESHIM_SHIM_CONNECTIONS_H
#define CURVESHIM_SHIM_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "certs/z85.h"
#include "shim/bindings.h"

/* The connections that came in on listeners which the shim secured: which descriptor, whose key.
 *
 * A connection enters when libzmq accepts it, and is known by its id, which is never used twice,
 * and by its descriptor. Ends are not seen: a connection has ended when its descriptor is not its
 * socket any more (inode), and leaves the table when that is noticed or the number is used again.
 * Thread-safe. A forked child begins with none: its parent's connections are its parent's. */

enum connection_state {
    CONNECTION_HANDSHAKE, /* the authenticator was not asked yet */
    CONNECTION_ASKING,    /* it was; it may say yes */
    CONNECTION_WAITING,   /* it would, but the program's own ZAP handler was not heard yet */
    CONNECTION_LIVE,      /* it said yes: from now on messages may pass */
    CONNECTION_REFUSED,
};

#define CONNECTION_ADDRESS 64
#define CONNECTION_NAME 256

struct connection {
    uint64_t id;
    int fd;
    ino_t inode;
    enum connection_state state;
    int64_t since;                    /* accepted: seconds since 1970 UTC */
    int64_t accepted;                 /* the same in monotonic milliseconds (observer_now) */
    int64_t decided;                  /* when the authenticator answered; 0: it did not yet */
    char address[CONNECTION_ADDRESS]; /* numeric; for ipc "localhost:UID:GID:PID", once asked */
    unsigned port;                    /* the peer's; 0 for ipc */
    /* From the authenticator's question on: */
    uint8_t key[KEY_BYTES];
    char domain[BINDING_DOMAIN]; /* of the listener (bindings_recall) */
    char name[CONNECTION_NAME];  /* of the certificate that let it in, or "" */
};

/* libzmq has accepted fd, a socket with that inode. The new connection's id; 0 when out of memory.
 */
uint64_t connections_accepted(int fd, ino_t inode, const char *address, unsigned port);

/* The authenticator is asked: whose key, at which listener. Comes before the decision is made, so
 * that a change of the set either counts in the decision or finds the connection. False if the
 * connection has ended. */
bool connections_asked(int fd, uint64_t id, const uint8_t key[KEY_BYTES], const char *domain,
                       const char *address);
/* Nothing is decided before the program's own ZAP handler has answered; then it is again. */
void connections_waits(int fd, uint64_t id);
/* What was decided; name of the certificate or "". */
void connections_decided(int fd, uint64_t id, bool allowed, const char *name);

/* Copies the connection that a descriptor carries at this moment; false if it carries none. */
bool connections_find(int fd, struct connection *connection);

/* Copies of all that have not ended, to be freed by the caller; their number in *count. NULL if
 * there are none, or when out of memory (then *count is SIZE_MAX). */
struct connection *connections_list(size_t *count);

/* In the child of a fork. */
void connections_forked(void);

#endif
