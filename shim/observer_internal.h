#ifndef CURVESHIM_SHIM_OBSERVER_INTERNAL_H
#define CURVESHIM_SHIM_OBSERVER_INTERNAL_H

#include "shim/backoff.h"
#include "shim/observer.h"
#include "shim/observer_slot.h"

/* What observer.c, observer_send.c and observer_receive.c share. */

enum { QUIET = OBSERVER_OUT_QUIET | OBSERVER_IN_QUIET, PROXIED = 16, FOREIGN_IN = 32, BORN = 64 };

/* For a function in which the thread that sends or receives on a descriptor uses its slot.
 * ThreadSanitizer does not see that libzmq hands a connection over from thread to thread, nor that
 * the kernel ends one life of a descriptor before it begins another: it is told that turns that do
 * not overlap in time come one after the other. */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);

static inline void *observer_turn_begins(int fd)
{
    void *turn = fd >= 0 && fd < OBSERVER_TABLE ? &observer_states[fd] : observer_states;

    __tsan_acquire(turn);
    return turn;
}

static inline void observer_turn_ends(void **turn)
{
    __tsan_release(*turn);
}

#define TURN(fd)                                                                                   \
    __attribute__((cleanup(observer_turn_ends))) void *turn_of_##fd = observer_turn_begins(fd)
#else
#define TURN(fd) (void)(fd)
#endif

extern struct backoff observer_backoff;
extern bool observer_servers_may_connect;

/* False, and quiet from now on, for what is no socket: its data must not be looked at, because some
 * programs find out by a write whether an address can be read. */
bool observer_is_socket(int fd);

/* Begins to watch a descriptor that may speak ZMTP. NULL if it cannot. */
struct slot *observer_begin(int fd);

/* The slot of a watched descriptor; NULL if the number belongs to another file by now. */
struct slot *observer_current(int fd);

/* Ends a connection for good. */
void observer_cut(int fd, struct slot *slot, bool told_to_give_up);

/* The first bytes, at most room, of some vectors. */
size_t observer_gather(char *head, size_t room, const struct iovec *vectors, size_t count);

/* What a fault shows to be spoken instead of CURVE: "NULL", "ZMTP 1 or 2" … */
const char *observer_spoken(const struct slot *slot, const struct wire_step *step);

/* A stack that is not known to be secured, and a peer without mechanisms: what they could go on to
 * say has no greeting that could be checked. True if the connection was cut. */
bool observer_cut_downgrade(int fd, struct slot *slot, const void *caller);

#endif
