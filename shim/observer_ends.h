#ifndef CURVESHIM_SHIM_OBSERVER_ENDS_H
#define CURVESHIM_SHIM_OBSERVER_ENDS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "shim/observer_slot.h"

/* Between whom a connection is. libzmq asks the kernel for both ends of each TCP connection that it
 * accepts: what it was told is kept in the slot, for the inode that the descriptor had, and not
 * asked for again. Called by the thread that accepts, before anybody else uses the descriptor;
 * errno is left alone. */

/* A listener that the shim secured has accepted fd. Its inode, 0 if it has none. */
ino_t ends_accepted(int fd);
/* The kernel has named an end of it. */
void ends_named(int fd, bool remote, const struct sockaddr *address, socklen_t size);

/* Whether both ends of what has that inode are in its slot, and nothing else is. True once. */
bool ends_take(struct slot *slot, ino_t inode);
/* Asks for them. */
void ends_find(struct slot *slot, int fd);
void ends_set(struct slot_address *where, const struct sockaddr *address, socklen_t size);

#endif
