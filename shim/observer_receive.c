#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "shim/observer_internal.h"
#include "shim/observer_life.h"
#include "shim/observer_report.h"
#include "shim/wire_peer.h"
#include "shim/zmqlib.h"

/* So often in a row a peer may say 400 before libzmq is told, and gives it up for ever: once could
 * be forged, or be meant for a key that is just being authorised. */
#define TOLD_ENOUGH 3

/* On a connecting socket, what would make libzmq give up for ever becomes a reset. */
static int reset(int fd, struct slot *slot, enum handshake_reason reason, const char *detail)
{
    life_fails(slot, reason, detail);
    observer_cut(fd, slot, false);
    return ECONNRESET;
}

static int bad_greeting(int fd, struct slot *slot, const struct wire_step *step, const void *caller)
{
    const char *spoken = observer_spoken(slot, step);
    enum handshake_reason reason = step->fault == WIRE_NOT_ZMTP ? HANDSHAKE_NOT_ZMTP
                                   : step->fault == WIRE_OLD    ? HANDSHAKE_OLD
                                                                : HANDSHAKE_MECHANISM;

    if (wire_peer_is_exempted(fd, slot->connecting)) {
        life_untold(slot);
        observer_add_state(fd, QUIET);
        return 0;
    }
    /* Telnet, UTF-16 and JPEG begin with FF too: they are the program's own business. */
    if (step->fault == WIRE_NOT_ZMTP && !wire_is_zmtp(&slot->out) && !zmqlib_contains(caller)) {
        life_untold(slot);
        slot->peer_is_old = true;
        observer_add_state(fd, OBSERVER_IN_QUIET);
        return 0;
    }
    /* Without a copy of libzmq that is hooked, this is a stack that could answer in kind, and take
     * in what the peer goes on to say in clear. The caller would not tell: another preloaded
     * library may stand between. */
    if (!zmqlib_any() && slot->out.phase == WIRE_IN_GREETING) {
        life_untold(slot);
        observer_report_blocked(fd, slot->connecting,
                                step->fault == WIRE_MECHANISM_OTHER ? spoken : "ZMTP 1 or 2",
                                caller);
        observer_cut(fd, slot, false);
        return ECONNRESET;
    }
    if (slot->connecting)
        return reset(fd, slot, reason, spoken);
    life_fails(slot, reason, spoken);
    observer_add_state(fd, OBSERVER_IN_QUIET);
    return 0;
}

static int told_error(int fd, struct slot *slot)
{
    bool give_up = strncmp(slot->in.detail, "400", 3) == 0;

    if (give_up &&
        backoff_failed(&observer_backoff, slot->peer, true, observer_now()) >= TOLD_ENOUGH) {
        life_fails(slot, HANDSHAKE_REFUSED_FOR_GOOD, slot->in.detail);
        observer_add_state(fd, QUIET);
        return 0;
    }
    life_fails(slot, HANDSHAKE_REFUSED, slot->in.detail);
    slot->cut = true;
    shutdown(fd, SHUT_RDWR);
    if (!give_up)
        (void)backoff_failed(&observer_backoff, slot->peer, false, observer_now());
    return ECONNRESET;
}

/* libzmq that connects to a free port of its own machine can meet itself. */
static bool is_itself(int fd)
{
    char remote[WIRE_PEER_TEXT], local[WIRE_PEER_TEXT];

    return wire_peer_remote(remote, fd) && wire_peer_local(local, fd) &&
           strncmp(remote, "tcp://", 6) == 0 && strcmp(remote, local) == 0;
}

static int saw_command(int fd, struct slot *slot, enum wire_command command)
{
    if (command != WIRE_NONE)
        slot->received = (uint8_t)command;
    if (slot->connecting && command == WIRE_ERROR)
        return told_error(fd, slot);
    if (slot->connecting && command == WIRE_HELLO &&
        !__atomic_load_n(&observer_servers_may_connect, __ATOMIC_RELAXED))
        return reset(fd, slot, is_itself(fd) ? HANDSHAKE_ITSELF : HANDSHAKE_BOTH_CLIENTS, "");
    if (slot->connecting && command == WIRE_READY) {
        backoff_clear(&observer_backoff, slot->peer);
        life_succeeds(fd, slot);
        observer_add_state(fd, QUIET);
    }
    if (slot->in.phase == WIRE_ENDED)
        observer_add_state(fd, OBSERVER_IN_QUIET);
    return 0;
}

static int take_received(int fd, struct slot *slot, const struct iovec *vectors, size_t count,
                         size_t size, const void *caller)
{
    for (size_t i = 0; i < count && size > 0; i++) {
        size_t piece = vectors[i].iov_len < size ? vectors[i].iov_len : size;
        struct wire_step step = wire_take(&slot->in, vectors[i].iov_base, piece);
        int error;

        size -= piece;
        if (step.fault == WIRE_OVERSIZED) {
            life_fails(slot, HANDSHAKE_OVERSIZED, "");
            observer_cut(fd, slot, false);
            return ECONNRESET;
        }
        if (step.fault != WIRE_FINE)
            return bad_greeting(fd, slot, &step, caller);
        error = saw_command(fd, slot, step.command);
        if (error != 0 || observer_in_is_quiet(fd))
            return error;
    }
    return 0;
}

static void peer_hung_up(int fd, struct slot *slot)
{
    life_hung_up(slot);
    observer_add_state(fd, OBSERVER_IN_QUIET);
}

void observer_broken(int fd, int error)
{
    TURN(fd);
    struct slot *slot;

    /* What is not there yet is asked for more often than anything else. */
    if (error != ECONNRESET && error != EPIPE && error != ETIMEDOUT)
        return;
    slot = observer_state(fd) & OBSERVER_WATCHED ? observer_current(fd) : NULL;
    if (slot != NULL && !slot->cut)
        life_hung_up(slot);
}

/* Whether the first bytes to arrive are worth watching: a signature, or anything that a copy of
 * libzmq reads (a foreign protocol too). */
static struct slot *begin_to_receive(int fd, const struct iovec *vectors, size_t count, size_t size,
                                     const void *caller)
{
    char head;

    if (size == 0 || observer_gather(&head, 1, vectors, count) == 0)
        return NULL;
    if (head == 5 || (observer_state(fd) & PROXIED))
        return NULL;
    if ((unsigned char)head == 0xff || zmqlib_contains(caller))
        return observer_begin(fd);
    observer_add_state(fd, OBSERVER_IN_QUIET | FOREIGN_IN);
    return NULL;
}

int observer_received(int fd, const struct iovec *vectors, size_t count, size_t size,
                      const void *caller)
{
    TURN(fd);
    struct slot *slot = observer_state(fd) & OBSERVER_WATCHED ? observer_current(fd) : NULL;

    if (slot == NULL)
        slot = begin_to_receive(fd, vectors, count, size, caller);
    if (slot == NULL)
        return 0;
    if (slot->cut)
        return ECONNRESET;
    life_moves(slot);
    if (size == 0)
        peer_hung_up(fd, slot);
    return take_received(fd, slot, vectors, count, size, caller);
}
