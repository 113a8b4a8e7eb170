#ifndef CURVESHIM_SHIM_OBSERVER_H
#define CURVESHIM_SHIM_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The wire observer: watches what the process sends and receives on stream sockets from their first
 * byte to the end of a ZMTP handshake, and lets nothing but CURVE out. It needs no cooperation from
 * libzmq, so it also covers copies that can't be hooked.
 *
 * Each descriptor has a byte in a table. Descriptors that carry no handshake, or none any more, are
 * "quiet": one look at that byte, and the real function is called. No lock and no allocation on
 * that path; the others may map memory, and write to the log when something is stopped. */

#define OBSERVER_TABLE (1 << 20)

enum {
    OBSERVER_OUT_QUIET = 1,
    OBSERVER_IN_QUIET = 2,
    OBSERVER_CONNECTING = 4,
    OBSERVER_WATCHED = 8,
    /* A listener that the shim secured, or a connection from one (accepted.h). */
    OBSERVER_SECURED = 128
};

extern unsigned char observer_states[OBSERVER_TABLE];
extern unsigned observer_limit; /* 0 while the observer is off */

/* One thread may send on a descriptor while another receives on it: neither may take back what the
 * other has just noted in their byte. */
static inline unsigned char observer_state(int fd)
{
    return __atomic_load_n(&observer_states[fd], __ATOMIC_RELAXED);
}

static inline void observer_add_state(int fd, int bits)
{
    (void)__atomic_fetch_or(&observer_states[fd], (unsigned char)bits, __ATOMIC_RELAXED);
}

static inline bool observer_out_is_quiet(int fd)
{
    return (unsigned)fd >= observer_limit || (observer_state(fd) & OBSERVER_OUT_QUIET);
}

static inline bool observer_in_is_quiet(int fd)
{
    return (unsigned)fd >= observer_limit || (observer_state(fd) & OBSERVER_IN_QUIET);
}

void observer_start(void);
/* This process has memory of its own, and is no vfork child: in those, whose descriptors begin and
 * end on their parent's memory, births are not noted from now on. */
void observer_owns(void);

/* Monotonic milliseconds. */
int64_t observer_now(void);

/* By which sockets are told apart while one of them is open; 0 for what is none. */
ino_t observer_inode(int fd);

/* A descriptor begins a new life: a socket of any kind. */
void observer_born(int fd);
/* The connection of a descriptor is to be seen from its first byte once more. */
void observer_begins_again(int fd);
/* fd is now the same open file as from. */
void observer_copied(int from, int fd);

/* Before a connect: false if it has to fail, with errno, because the last attempts to reach that
 * address met something that isn't CURVE. */
bool observer_connect(int fd, const struct sockaddr *address, socklen_t size, const void *caller);
/* It has failed, at once or (SO_ERROR) later. */
void observer_connect_failed(int fd, int error);

/* Before a send on a descriptor that is not quiet: how many of the bytes in count vectors may go. 0
 * with a negative errno in *error if the connection was cut; SIZE_MAX for all of them. */
size_t observer_may_send(int fd, const struct iovec *vectors, size_t count, const void *caller,
                         int *error);
/* After it: how many the kernel has taken. */
void observer_sent(int fd, const struct iovec *vectors, size_t count, size_t size,
                   const void *caller);

/* After a receive of size bytes (0 at the end of the stream) on a descriptor that is not quiet. 0,
 * or the errno with which the receive has to fail instead. */
int observer_received(int fd, const struct iovec *vectors, size_t count, size_t size,
                      const void *caller);

/* A receive or send on a descriptor that is not quiet has failed: the connection is broken. */
void observer_broken(int fd, int error);

/* A socket that the program made a CURVE server by itself connects: from now on HELLO from a peer
 * that was connected to is no mistake. libzmq doesn't say in its greeting who is the server. */
void observer_server_connects(void);

/* Ends a connection, unless fd is another socket by now. From any thread. */
void observer_end(int fd, ino_t inode);

#endif
