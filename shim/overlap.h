#ifndef CURVESHIM_SHIM_OVERLAP_H
#define CURVESHIM_SHIM_OVERLAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/observer.h"

/* Two server keys at one endpoint, while a server key is rotated. libzmq's listener has one key for
 * life, and a client that knows another one fails at its HELLO, which only libzmq can try to open.
 * So there are two listeners. The first owns the kernel's listening socket. The second has a
 * descriptor of ours to wait on, and accepts what the first gave up: libzmq's close of a connection
 * whose HELLO the first key did not open is withheld, the second listener accepts the same
 * descriptor, and is given again what the client has said so far; the greeting that it says is
 * swallowed, since the first has said it. The client sees one handshake. Nothing is bound twice,
 * and no port is shared with anybody.
 *
 * All of it is called by hooks, on any thread; an unflagged descriptor costs one look at a bit. In
 * a vfork child, and in a forked one, nothing happens. errno is left alone unless a line says so.
 */

struct overlap;

extern unsigned char overlap_flags[OBSERVER_TABLE / 8];

static inline bool overlap_flagged(int fd)
{
    return (unsigned)fd < OBSERVER_TABLE &&
           (__atomic_load_n(&overlap_flags[fd / 8], __ATOMIC_RELAXED) & (1 << fd % 8));
}

/* Before the first listener is bound: it becomes the one that this thread listens on next. NULL
 * with errno. It lives until the second listener is closed, or until overlap_end. */
struct overlap *overlap_begin(void);
/* The same for a descriptor that the program gave the first listener, which listens already. */
void overlap_listening(int fd);
/* Before and after the second listener is bound, in the same thread: its descriptor is named like
 * the first one's meanwhile. endpoint: for the log. */
int overlap_descriptor(struct overlap *overlap);
void overlap_bound(const char *endpoint);
/* There will be no second listener. */
void overlap_end(struct overlap *overlap);

/* In the hooks below, by_libzmq is whether a copy of libzmq calls: what the program does under
 * these numbers is not what libzmq does. */

/* Hooks of accept: OVERLAP_NOT if fd is no second listener; else what accept has to return, -1 with
 * errno EAGAIN if nothing waits. */
#define OVERLAP_NOT (-2)
int overlap_accept(int fd, bool by_libzmq);
void overlap_accepted(int listener, int fd);

/* Of listen and getsockname: the descriptor to be named in place of fd. */
void overlap_listen(int fd);
int overlap_named(int fd);

/* Of close: true if fd is to stay open. */
bool overlap_close(int fd, bool by_libzmq);
/* Of epoll_ctl, where libzmq takes a flagged descriptor out: true if that may fail, which libzmq
 * ends the process for: it is no longer the one that was put in. */
bool overlap_is_lost(int fd);
/* A flagged number has begun a new life. */
void overlap_born(int fd, bool by_libzmq);

/* Looks whether the second listeners' descriptors are still there, which a program may have closed
 * without a sign, and says so. Milliseconds until it is to be called again; -1: there are none. */
long overlap_look(void);

/* Of recv and send, on flagged descriptors: how many bytes were said before, or are to be taken as
 * sent; 0: ask the kernel, and say what it did. */
size_t overlap_replay(int fd, void *buffer, size_t size);
size_t overlap_swallow(int fd, size_t size);
void overlap_received(int fd, const void *buffer, size_t size);
void overlap_sent(int fd, size_t size);

/* In the child of a fork. */
void overlap_forked(void);

#endif
