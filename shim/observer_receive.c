#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "shim/metrics.h"
#include "shim/observer_internal.h"
#include "shim/observer_report.h"
#include "shim/wire_peer.h"
#include "shim/zmqlib.h"

/* So often in a row a peer may say 400 before libzmq is told, and gives it up for ever: once could
 * be forged, or be meant for a key that is just being authorised. */
#define TOLD_ENOUGH 3

/* On a connecting socket, what would make libzmq give up for ever becomes a reset. */
static int reset(int fd, struct slot *slot, const char *reason, const char *remedy,
                 bool told_to_give_up)
{
    observer_report_failed(fd, true, reason, remedy);
    observer_cut(fd, slot, told_to_give_up);
    return ECONNRESET;
}

static int bad_greeting(int fd, struct slot *slot, const struct wire_step *step, const void *caller)
{
    const char *reason, *remedy = "start it with curveshim too";
    char text[64];

    if (wire_peer_is_exempted(fd, slot->connecting)) {
        observer_set_quiet(fd, QUIET);
        return 0;
    }
    /* Telnet, UTF-16 and JPEG begin with FF too: they are the program's own business. */
    if (step->fault == WIRE_NOT_ZMTP && !wire_is_zmtp(&slot->out) && !zmqlib_contains(caller)) {
        slot->peer_is_old = true;
        observer_set_quiet(fd, OBSERVER_IN_QUIET);
        return 0;
    }
    /* Without a copy of libzmq that is hooked, this is a stack that could answer in kind, and take
     * in what the peer goes on to say in clear. The caller would not tell: another preloaded
     * library may stand between. */
    if (!zmqlib_any() && slot->out.phase == WIRE_IN_GREETING) {
        observer_report_blocked(fd, slot->connecting,
                                step->fault == WIRE_MECHANISM_OTHER ? observer_spoken(slot, step)
                                                                    : "ZMTP 1 or 2",
                                caller);
        observer_cut(fd, slot, false);
        return ECONNRESET;
    }
    if (step->fault == WIRE_NOT_ZMTP) {
        reason = "peer does not speak ZMTP 3";
        remedy = slot->connecting ? "check the address" : "it is no ZeroMQ peer, or a very old one";
    } else {
        snprintf(text, sizeof text, "peer speaks %s", observer_spoken(slot, step));
        reason = text;
    }
    if (slot->connecting)
        return reset(fd, slot, reason, remedy, false);
    observer_report_failed(fd, false, reason, remedy);
    observer_set_quiet(fd, OBSERVER_IN_QUIET);
    return 0;
}

static int told_error(int fd, struct slot *slot)
{
    bool give_up = strncmp(slot->in.detail, "400", 3) == 0;
    char reason[64];

    if (give_up &&
        backoff_failed(&observer_backoff, slot->peer, true, observer_now()) >= TOLD_ENOUGH) {
        observer_report_failed(fd, true, "refused for good by the peer's authenticator (400)",
                               "this key was revoked, or is not authorised there; after a new key "
                               "is in place this program has to be started again");
        observer_set_quiet(fd, QUIET);
        return 0;
    }
    snprintf(reason, sizeof reason, "refused by the peer's authenticator (%.3s)", slot->in.detail);
    observer_report_failed(fd, true, reason, "authorise this client's key there");
    slot->cut = true;
    shutdown(fd, SHUT_RDWR);
    if (!give_up)
        (void)backoff_failed(&observer_backoff, slot->peer, false, observer_now());
    return ECONNRESET;
}

static int saw_command(int fd, struct slot *slot, enum wire_command command)
{
    if (command == WIRE_INITIATE && !slot->connecting)
        __atomic_store_n(&slot->waiting, observer_now(), __ATOMIC_RELAXED);
    if (slot->connecting && command == WIRE_ERROR)
        return told_error(fd, slot);
    if (slot->connecting && command == WIRE_HELLO)
        return reset(fd, slot, "peer is a CURVE client itself",
                     "both sides connect: check which one is meant to bind", false);
    if (slot->connecting && command == WIRE_READY) {
        backoff_clear(&observer_backoff, slot->peer);
        metrics_count(METRIC_HANDSHAKE_CLIENT_OK, NULL);
        observer_set_quiet(fd, QUIET);
    }
    if (slot->in.phase == WIRE_ENDED)
        observer_set_quiet(fd, OBSERVER_IN_QUIET);
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
            observer_report_failed(fd, slot->connecting, "peer sent an oversized handshake frame",
                                   "no CURVE peer does that: find out who it is");
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

/* Of two peers with different mechanisms, the one that reads first hangs up before it has named its
 * own. */
static void peer_hung_up(int fd, struct slot *slot)
{
    if (slot->in.phase == WIRE_IN_GREETING && wire_is_zmtp(&slot->in) &&
        slot->out.position >= WIRE_MECHANISM_AT + WIRE_MECHANISM)
        observer_report_failed(fd, slot->connecting,
                               "peer hung up at our greeting, as one that does not speak CURVE",
                               "start it with curveshim too");
    observer_set_quiet(fd, OBSERVER_IN_QUIET);
}

/* Whether the first bytes to arrive are worth watching: a signature, or anything that a copy of
 * libzmq reads (a foreign protocol too). */
static struct slot *begin_to_receive(int fd, const struct iovec *vectors, size_t count, size_t size,
                                     const void *caller)
{
    char head;

    if (size == 0 || observer_gather(&head, 1, vectors, count) == 0)
        return NULL;
    if (head == 5 || (observer_states[fd] & PROXIED))
        return NULL;
    if ((unsigned char)head == 0xff || zmqlib_contains(caller))
        return observer_begin(fd);
    observer_set_quiet(fd, OBSERVER_IN_QUIET | FOREIGN_IN);
    return NULL;
}

int observer_received(int fd, const struct iovec *vectors, size_t count, size_t size,
                      const void *caller)
{
    struct slot *slot = observer_states[fd] & OBSERVER_WATCHED ? observer_current(fd) : NULL;

    if (slot == NULL)
        slot = begin_to_receive(fd, vectors, count, size, caller);
    if (slot == NULL)
        return 0;
    if (slot->cut)
        return ECONNRESET;
    if (size == 0)
        peer_hung_up(fd, slot);
    return take_received(fd, slot, vectors, count, size, caller);
}
