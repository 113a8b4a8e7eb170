#ifndef CURVESHIM_SHIM_WIRE_H
#define CURVESHIM_SHIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction of a ZMTP connection (ZeroMQ RFC 23, RFC 26), from the first byte of the greeting
 * to the end of the handshake, in any fragmentation. Pure: no descriptor, no clock, no allocation.
 */

#define WIRE_GREETING 64
#define WIRE_MECHANISM_AT 12
#define WIRE_MECHANISM 20
#define WIRE_AS_SERVER_AT 32
#define WIRE_FRAME_MAX 65536 /* no handshake frame of CURVE is larger */
#define WIRE_NAME 9          /* "INITIATE" is the longest command name */

enum wire_phase {
    WIRE_IN_GREETING,
    WIRE_IN_FLAGS,
    WIRE_IN_LENGTH,
    WIRE_IN_BODY,
    WIRE_ENDED, /* READY, ERROR, or nothing that this parser knows */
};

/* What a byte showed that CURVE would not send; the first one counts. */
enum wire_fault {
    WIRE_FINE,
    WIRE_NOT_ZMTP, /* the first ten bytes are no ZMTP signature */
    WIRE_OLD,      /* ZMTP 1 or 2: no mechanism at all */
    WIRE_MECHANISM_OTHER,
    WIRE_OVERSIZED, /* a handshake frame above WIRE_FRAME_MAX */
};

enum wire_command {
    WIRE_NONE,
    WIRE_HELLO,
    WIRE_WELCOME,
    WIRE_INITIATE,
    WIRE_READY,
    WIRE_ERROR,
    WIRE_UNKNOWN,
};

struct wire {
    uint8_t phase; /* enum wire_phase */
    uint8_t major;
    uint8_t flags;
    uint8_t length_left; /* bytes of a frame's length that are still to come */
    uint8_t name_length;
    uint8_t name_room; /* bytes of the command's name that are still to come */
    uint8_t detail_length;
    uint8_t as_server; /* what the greeting says of it; libzmq always says 0 */
    uint32_t position; /* in the greeting */
    uint64_t frame;    /* bytes of the frame that are still to come */
    uint8_t mechanism[WIRE_MECHANISM];
    char name[WIRE_NAME + 1];
    char detail[4]; /* of ERROR: its reason, cut; "400" */
    bool name_known;
};

struct wire_step {
    size_t taken; /* bytes before the fault, or all of them */
    enum wire_fault fault;
    uint8_t offender;          /* the byte that shows the fault */
    enum wire_command command; /* the last command that was completed in these bytes */
};

/* Takes bytes as far as CURVE could have sent them. At a fault, the byte that shows it is not taken
 * and nothing after it; once phase is WIRE_ENDED everything is taken unseen. */
struct wire_step wire_take(struct wire *wire, const void *bytes, size_t size);

/* Whether the ten bytes of a ZMTP signature have been seen. */
bool wire_is_zmtp(const struct wire *wire);

#endif
