#include "shim/observer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/backoff.h"
#include "shim/observer_report.h"
#include "shim/observer_slot.h"
#include "shim/state.h"
#include "shim/table.h"
#include "shim/wire_peer.h"
#include "shim/zmqlib.h"

#define REFUSED_MS 1000
/* So often in a row a peer may say 400 before libzmq is told, and gives it up for ever: once could
 * be forged, or be meant for a key that is just being authorised. */
#define TOLD_ENOUGH 3

enum { QUIET = OBSERVER_OUT_QUIET | OBSERVER_IN_QUIET, PROXIED = 16, FOREIGN_IN = 32 };

unsigned char observer_states[OBSERVER_TABLE];
unsigned observer_limit;
static struct backoff backoff;

void observer_start(void)
{
    observer_limit = OBSERVER_TABLE;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool in_table(int fd)
{
    return (unsigned)fd < observer_limit;
}

void observer_born(int fd)
{
    if (in_table(fd))
        observer_states[fd] = 0;
}

void observer_copied(int from, int fd)
{
    struct slot *source, *copy;

    if (!in_table(fd) || from == fd)
        return;
    observer_states[fd] = in_table(from) ? observer_states[from] : 0;
    if (!(observer_states[fd] & (OBSERVER_WATCHED | OBSERVER_CONNECTING)))
        return;
    source = slot_if_any(from);
    copy = slot_of(fd);
    if (source != NULL && copy != NULL)
        *copy = *source;
    else
        observer_states[fd] = 0;
}

static ino_t socket_inode(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static bool is_stream(int fd)
{
    int type = 0, family = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
        return false;
    size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
        return true;
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

bool observer_connect(int fd, const struct sockaddr *address, socklen_t size, const void *caller)
{
    uint64_t parts[2];
    struct slot *slot;

    if (!in_table(fd) || address == NULL || size == 0 || size > sizeof(struct sockaddr_storage) ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6 &&
         address->sa_family != AF_UNIX))
        return true;
    parts[0] = table_hash(address, size);
    parts[1] = (uint64_t)(uintptr_t)caller;
    slot = slot_of(fd);
    if (slot == NULL)
        return true;
    memset(slot, 0, sizeof *slot);
    slot->peer = table_hash(parts, sizeof parts) | 1;
    slot->connecting = true;
    observer_states[fd] = OBSERVER_CONNECTING;
    if (!backoff_holds(&backoff, slot->peer, now_ms()))
        return true;
    errno = ETIMEDOUT;
    return false;
}

/* Begins to watch a descriptor that may speak ZMTP. NULL if it cannot. */
static struct slot *begin(int fd)
{
    ino_t inode = socket_inode(fd);
    bool connecting = observer_states[fd] & OBSERVER_CONNECTING;
    uint64_t peer;
    struct slot *slot;

    if (inode == 0 || !is_stream(fd)) {
        observer_states[fd] |= QUIET;
        return NULL;
    }
    slot = slot_of(fd);
    if (slot == NULL)
        return NULL;
    peer = connecting ? slot->peer : 0;
    memset(slot, 0, sizeof *slot);
    slot->inode = inode;
    slot->connecting = connecting;
    slot->peer = peer;
    slot->peer_is_old = observer_states[fd] & FOREIGN_IN;
    observer_states[fd] |= OBSERVER_WATCHED;
    return slot;
}

/* The slot of a watched descriptor; NULL if the number belongs to another file by now. */
static struct slot *current(int fd)
{
    struct slot *slot = slot_if_any(fd);

    if (slot != NULL && socket_inode(fd) == slot->inode)
        return slot;
    observer_states[fd] = 0;
    return NULL;
}

static void set_quiet(int fd, int which)
{
    observer_states[fd] |= (unsigned char)which;
}

static void cut(int fd, struct slot *slot, bool told_to_give_up)
{
    slot->cut = true;
    shutdown(fd, SHUT_RDWR);
    if (slot->connecting)
        (void)backoff_failed(&backoff, slot->peer, told_to_give_up, now_ms());
}

static size_t gather(char *head, size_t room, const struct iovec *vectors, size_t count)
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
    size_t length = gather(head, sizeof head, vectors, count);

    if (length < 16 || (memcmp(head, "GET ", 4) != 0 && memcmp(head, "HTTP/1.", 7) != 0))
        return false;
    return memmem(head, length, "ZWS2.0", 6) != NULL || memmem(head, length, "ZWS1.0", 6) != NULL;
}

/* What a proxy asks for before it carries a ZMTP connection. */
static bool is_proxy_talk(int fd, const char *head, size_t length)
{
    if (head[0] == 5 || (length >= 8 && memcmp(head, "CONNECT ", 8) == 0))
        return true;
    return head[0] == 1 && (observer_states[fd] & PROXIED);
}

static struct slot *begin_to_send(int fd, const struct iovec *vectors, size_t count,
                                  const void *caller, int *error)
{
    char head[16];
    size_t length = gather(head, sizeof head, vectors, count);
    struct slot *slot;

    if (length == 0)
        return NULL;
    if (is_proxy_talk(fd, head, length)) {
        set_quiet(fd, PROXIED);
        return NULL;
    }
    if ((unsigned char)head[0] == 0xff)
        return begin(fd);
    if (is_websocket(vectors, count) && (slot = begin(fd)) != NULL) {
        if (wire_peer_is_exempted(fd, slot->connecting)) {
            set_quiet(fd, QUIET);
            return NULL;
        }
        observer_report_blocked(fd, slot->connecting, "ZMTP over WebSocket", caller);
        cut(fd, slot, false);
        *error = EPIPE;
        return slot;
    }
    set_quiet(fd, OBSERVER_OUT_QUIET);
    return NULL;
}

static const char *mechanism_name(uint8_t first)
{
    return first == 'N'   ? "NULL"
           : first == 'P' ? "PLAIN"
           : first == 'G' ? "GSSAPI"
                          : "an unknown mechanism";
}

static const char *spoken(const struct slot *slot, const struct wire_step *step)
{
    return step->fault == WIRE_OLD || slot->peer_is_old ? "ZMTP 1 or 2"
                                                        : mechanism_name(step->offender);
}

size_t observer_may_send(int fd, const struct iovec *vectors, size_t count, const void *caller,
                         int *error)
{
    struct slot *slot = observer_states[fd] & OBSERVER_WATCHED ? current(fd) : NULL;
    struct wire probe;
    struct wire_step step = {0};
    size_t total = 0;

    *error = 0;
    if (slot == NULL)
        slot = begin_to_send(fd, vectors, count, caller, error);
    if (slot == NULL)
        return SIZE_MAX;
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
        set_quiet(fd, QUIET);
        return SIZE_MAX;
    }
    if (total > 0)
        return total;
    observer_report_blocked(fd, slot->connecting, spoken(slot, &step), caller);
    cut(fd, slot, false);
    *error = EPIPE;
    return 0;
}

/* A stack that is not known to be secured, and a peer without mechanisms: what they could go on to
 * say has no greeting that could be checked. True if the connection was cut. */
static bool cut_downgrade(int fd, struct slot *slot, const void *caller)
{
    if (!slot->peer_is_old || !wire_is_zmtp(&slot->out) || zmqlib_contains(caller))
        return false;
    if (wire_peer_is_exempted(fd, slot->connecting)) {
        set_quiet(fd, QUIET);
        return false;
    }
    observer_report_blocked(fd, slot->connecting, "ZMTP 1 or 2", caller);
    cut(fd, slot, false);
    return true;
}

void observer_sent(int fd, const struct iovec *vectors, size_t count, size_t size,
                   const void *caller)
{
    struct slot *slot = slot_if_any(fd);
    enum wire_command command = WIRE_NONE;

    if (slot == NULL || !(observer_states[fd] & OBSERVER_WATCHED))
        return;
    for (size_t i = 0; i < count && size > 0; i++) {
        size_t piece = vectors[i].iov_len < size ? vectors[i].iov_len : size;
        struct wire_step step = wire_take(&slot->out, vectors[i].iov_base, piece);

        command = step.command != WIRE_NONE ? step.command : command;
        size -= piece;
    }
    if (cut_downgrade(fd, slot, caller) || slot->out.phase != WIRE_ENDED)
        return;
    __atomic_store_n(&slot->waiting, 0, __ATOMIC_RELAXED);
    /* The server's READY or ERROR is the last word of a handshake. */
    set_quiet(fd, command == WIRE_READY || command == WIRE_ERROR ? QUIET : OBSERVER_OUT_QUIET);
}

/* On a connecting socket, what would make libzmq give up for ever becomes a reset. */
static int reset(int fd, struct slot *slot, const char *reason, const char *remedy,
                 bool told_to_give_up)
{
    observer_report_failed(fd, true, reason, remedy);
    cut(fd, slot, told_to_give_up);
    return ECONNRESET;
}

static int bad_greeting(int fd, struct slot *slot, const struct wire_step *step, const void *caller)
{
    const char *reason, *remedy = "start it with curveshim too";
    char text[64];

    if (wire_peer_is_exempted(fd, slot->connecting)) {
        set_quiet(fd, QUIET);
        return 0;
    }
    /* A stack that has not said yet whether it speaks CURVE itself has to be told apart first: it
     * is not helped, but stopped, when it answers in kind. */
    if (!zmqlib_contains(caller) && slot->out.position <= WIRE_MECHANISM_AT) {
        slot->peer_is_old = step->fault != WIRE_MECHANISM_OTHER;
        set_quiet(fd, OBSERVER_IN_QUIET);
        return cut_downgrade(fd, slot, caller) ? ECONNRESET : 0;
    }
    if (step->fault == WIRE_NOT_ZMTP) {
        reason = "peer does not speak ZMTP 3";
        remedy = slot->connecting ? "check the address" : "it is no ZeroMQ peer, or a very old one";
    } else {
        snprintf(text, sizeof text, "peer speaks %s", spoken(slot, step));
        reason = text;
    }
    if (slot->connecting)
        return reset(fd, slot, reason, remedy, false);
    observer_report_failed(fd, false, reason, remedy);
    set_quiet(fd, OBSERVER_IN_QUIET);
    return 0;
}

static int told_error(int fd, struct slot *slot)
{
    bool give_up = strncmp(slot->in.detail, "400", 3) == 0;
    char reason[64];

    if (give_up && backoff_failed(&backoff, slot->peer, true, now_ms()) >= TOLD_ENOUGH) {
        observer_report_failed(fd, true, "refused for good by the peer's authenticator (400)",
                               "this key was revoked, or is not authorised there; after a new key "
                               "is in place this program has to be started again");
        set_quiet(fd, QUIET);
        return 0;
    }
    snprintf(reason, sizeof reason, "refused by the peer's authenticator (%.3s)", slot->in.detail);
    observer_report_failed(fd, true, reason, "authorise this client's key there");
    slot->cut = true;
    shutdown(fd, SHUT_RDWR);
    if (!give_up)
        (void)backoff_failed(&backoff, slot->peer, false, now_ms());
    return ECONNRESET;
}

static int saw_command(int fd, struct slot *slot, enum wire_command command)
{
    if (command == WIRE_INITIATE && !slot->connecting)
        __atomic_store_n(&slot->waiting, now_ms(), __ATOMIC_RELAXED);
    if (slot->connecting && command == WIRE_ERROR)
        return told_error(fd, slot);
    if (slot->connecting && command == WIRE_HELLO)
        return reset(fd, slot, "peer is a CURVE client itself",
                     "both sides connect: check which one is meant to bind", false);
    if (slot->connecting && command == WIRE_READY) {
        backoff_clear(&backoff, slot->peer);
        set_quiet(fd, QUIET);
    }
    if (slot->in.phase == WIRE_ENDED)
        set_quiet(fd, OBSERVER_IN_QUIET);
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
            cut(fd, slot, false);
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

/* Whether the first bytes to arrive are worth watching: a signature, or anything that a copy of
 * libzmq reads (a foreign protocol too). */
static struct slot *begin_to_receive(int fd, const struct iovec *vectors, size_t count, size_t size,
                                     const void *caller)
{
    char head;

    if (size == 0 || gather(&head, 1, vectors, count) == 0)
        return NULL;
    if (head == 5 || (observer_states[fd] & PROXIED))
        return NULL;
    if ((unsigned char)head == 0xff || zmqlib_contains(caller))
        return begin(fd);
    set_quiet(fd, OBSERVER_IN_QUIET | FOREIGN_IN);
    return NULL;
}

int observer_received(int fd, const struct iovec *vectors, size_t count, size_t size,
                      const void *caller)
{
    struct slot *slot = observer_states[fd] & OBSERVER_WATCHED ? current(fd) : NULL;

    if (slot == NULL)
        slot = begin_to_receive(fd, vectors, count, size, caller);
    if (slot == NULL)
        return 0;
    if (slot->cut)
        return ECONNRESET;
    return take_received(fd, slot, vectors, count, size, caller);
}

/* The descriptor may be closed and another be born under its number at any moment: what is shut
 * down is a duplicate that was compared first. */
static void end_one(int fd, const struct slot *slot)
{
    int copy = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);

    if (copy < 0)
        return;
    if (socket_inode(copy) == slot->inode)
        shutdown(copy, SHUT_RDWR);
    syscall(SYS_close, copy);
}

long observer_end_refused(void)
{
    int64_t now = now_ms();
    long wait = -1;

    for (int fd = 0; fd <= slot_highest(); fd++) {
        struct slot *slot = slot_if_any(fd);
        int64_t since = slot == NULL ? 0 : __atomic_load_n(&slot->waiting, __ATOMIC_RELAXED), rest;

        if (since == 0)
            continue;
        rest = since + REFUSED_MS - now;
        if (rest > 0) {
            wait = wait < 0 || rest < wait ? (long)rest : wait;
        } else {
            __atomic_store_n(&slot->waiting, 0, __ATOMIC_RELAXED);
            end_one(fd, slot);
        }
    }
    return wait;
}
