#include <errno.h>
#include <string.h>

#include "shim/observer_internal.h"
#include "shim/observer_life.h"
#include "shim/observer_report.h"
#include "shim/wire_peer.h"
#include "shim/zmqlib.h"

size_t observer_gather(char *head, size_t room, const struct iovec *vectors, size_t count)
{
    size_t length = 0;

    for (size_t i = 0; i < count && length < room; i++) {
        size_t piece = vectors[i].iov_len < room - length ? vectors[i].iov_len : room - length;

        if (piece > 0)
            memcpy(head + length, vectors[i].iov_base, piece);
        length += piece;
    }
    return length;
}

/* ZMTP over WebSocket has no ZMTP signature, and its frames are masked, not encrypted. */
static bool is_websocket(const struct iovec *vectors, size_t count)
{
    char head[1024];
    size_t length = observer_gather(head, sizeof head, vectors, count);

    if (length < 16 || (memcmp(head, "GET ", 4) != 0 && memcmp(head, "HTTP/1.", 7) != 0))
        return false;
    return memmem(head, length, "ZWS2.0", 6) != NULL || memmem(head, length, "ZWS1.0", 6) != NULL;
}

/* What a proxy asks for before it carries a ZMTP connection. */
static bool is_proxy_talk(int fd, const char *head, size_t length)
{
    if (head[0] == 5 || (length >= 8 && memcmp(head, "CONNECT ", 8) == 0))
        return true;
    return head[0] == 1 && (observer_state(fd) & PROXIED);
}

static struct slot *begin_to_send(int fd, const struct iovec *vectors, size_t count,
                                  const void *caller, int *error)
{
    char head[16];
    size_t length = observer_is_socket(fd) ? observer_gather(head, sizeof head, vectors, count) : 0;
    struct slot *slot;

    if (length == 0)
        return NULL;
    if (is_proxy_talk(fd, head, length)) {
        observer_add_state(fd, PROXIED);
        return NULL;
    }
    if ((unsigned char)head[0] == 0xff) {
        slot = observer_begin(fd);
        /* What cannot be watched must not go. */
        if (slot == NULL && !observer_out_is_quiet(fd))
            *error = ENOBUFS;
        return slot;
    }
    if (is_websocket(vectors, count) && (slot = observer_begin(fd)) != NULL) {
        life_untold(slot);
        if (wire_peer_is_exempted(fd, slot->connecting)) {
            observer_add_state(fd, QUIET);
            return NULL;
        }
        observer_report_blocked(fd, slot->connecting, "ZMTP over WebSocket", caller);
        observer_cut(fd, slot, false);
        *error = EPIPE;
        return slot;
    }
    observer_add_state(fd, OBSERVER_OUT_QUIET);
    return NULL;
}

static const char *mechanism_name(uint8_t first)
{
    return first == 'N'   ? "NULL"
           : first == 'P' ? "PLAIN"
           : first == 'G' ? "GSSAPI"
                          : "an unknown mechanism";
}

const char *observer_spoken(const struct slot *slot, const struct wire_step *step)
{
    return step->fault == WIRE_OLD || slot->peer_is_old ? "ZMTP 1 or 2"
                                                        : mechanism_name(step->offender);
}

size_t observer_may_send(int fd, const struct iovec *vectors, size_t count, const void *caller,
                         int *error)
{
    TURN(fd);
    struct slot *slot = observer_state(fd) & OBSERVER_WATCHED ? observer_current(fd) : NULL;
    struct wire probe;
    struct wire_step step = {0};
    size_t total = 0;

    *error = 0;
    if (slot == NULL)
        slot = begin_to_send(fd, vectors, count, caller, error);
    if (slot == NULL)
        return *error != 0 ? 0 : SIZE_MAX;
    if (slot->cut) {
        *error = EPIPE;
        return 0;
    }
    probe = slot->out;
    for (size_t i = 0; i < count && step.fault == WIRE_FINE; i++) {
        step = wire_take(&probe, vectors[i].iov_base, vectors[i].iov_len);
        total += step.taken;
    }
    if (step.fault == WIRE_FINE)
        return SIZE_MAX;
    if (step.fault == WIRE_NOT_ZMTP || step.fault == WIRE_OVERSIZED ||
        wire_peer_is_exempted(fd, slot->connecting)) {
        life_untold(slot);
        observer_add_state(fd, QUIET);
        return SIZE_MAX;
    }
    if (total > 0)
        return total;
    life_untold(slot);
    observer_report_blocked(fd, slot->connecting, observer_spoken(slot, &step), caller);
    observer_cut(fd, slot, false);
    *error = EPIPE;
    return 0;
}

bool observer_cut_downgrade(int fd, struct slot *slot, const void *caller)
{
    if (!slot->peer_is_old || !wire_is_zmtp(&slot->out) || zmqlib_contains(caller))
        return false;
    life_untold(slot);
    if (wire_peer_is_exempted(fd, slot->connecting)) {
        observer_add_state(fd, QUIET);
        return false;
    }
    observer_report_blocked(fd, slot->connecting, "ZMTP 1 or 2", caller);
    observer_cut(fd, slot, false);
    return true;
}

/* The server's READY or ERROR is the last word of a handshake. */
static void last_word(int fd, struct slot *slot)
{
    const bool done = slot->sent == WIRE_READY || slot->sent == WIRE_ERROR;

    if (slot->sent == WIRE_READY && !slot->connecting)
        life_succeeds(fd, slot);
    else
        life_untold(slot);
    observer_add_state(fd, done ? QUIET : OBSERVER_OUT_QUIET);
}

void observer_sent(int fd, const struct iovec *vectors, size_t count, size_t size,
                   const void *caller)
{
    struct slot *slot = slot_if_any(fd);
    TURN(fd);

    if (slot == NULL || !(observer_state(fd) & OBSERVER_WATCHED))
        return;
    life_moves(slot);
    for (size_t i = 0; i < count && size > 0; i++) {
        size_t piece = vectors[i].iov_len < size ? vectors[i].iov_len : size;
        struct wire_step step = wire_take(&slot->out, vectors[i].iov_base, piece);

        if (step.command != WIRE_NONE)
            slot->sent = (uint8_t)step.command;
        size -= piece;
    }
    if (!observer_cut_downgrade(fd, slot, caller) && slot->out.phase == WIRE_ENDED)
        last_word(fd, slot);
}
