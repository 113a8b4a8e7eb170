#include "shim/wire.h"

#include <string.h>

#define SIGNATURE 10
#define FLAG_LONG 0x02
#define FLAG_COMMAND 0x04
#define FLAGS_KNOWN 0x07

static const uint8_t curve[WIRE_MECHANISM] = "CURVE";

bool wire_is_zmtp(const struct wire *wire)
{
    return wire->phase != WIRE_IN_GREETING || wire->position >= SIGNATURE;
}

static enum wire_fault greet(struct wire *wire, uint8_t byte)
{
    uint32_t at = wire->position;

    if ((at == 0 && byte != 0xff) || (at == 9 && byte != 0x7f))
        return WIRE_NOT_ZMTP;
    if (at == SIGNATURE && byte < 3)
        return WIRE_OLD;
    if (at >= WIRE_MECHANISM_AT && at < WIRE_MECHANISM_AT + WIRE_MECHANISM) {
        wire->mechanism[at - WIRE_MECHANISM_AT] = byte;
        if (byte != curve[at - WIRE_MECHANISM_AT])
            return WIRE_MECHANISM_OTHER;
    }
    if (at == SIGNATURE)
        wire->major = byte;
    if (at == WIRE_AS_SERVER_AT)
        wire->as_server = byte;
    wire->position++;
    if (wire->position == WIRE_GREETING)
        wire->phase = WIRE_IN_FLAGS;
    return WIRE_FINE;
}

static enum wire_command command_of(const struct wire *wire)
{
    static const struct {
        const char *name;
        enum wire_command command;
    } known[] = {{"HELLO", WIRE_HELLO},
                 {"WELCOME", WIRE_WELCOME},
                 {"INITIATE", WIRE_INITIATE},
                 {"READY", WIRE_READY},
                 {"ERROR", WIRE_ERROR}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(wire->name, known[i].name) == 0)
            return known[i].command;
    return WIRE_UNKNOWN;
}

static void begin_body(struct wire *wire)
{
    wire->phase = WIRE_IN_BODY;
    wire->name_known = false;
    wire->name_length = wire->name_room = wire->detail_length = 0;
    memset(wire->name, 0, sizeof wire->name);
    memset(wire->detail, 0, sizeof wire->detail);
}

static enum wire_command end_body(struct wire *wire)
{
    enum wire_command command = command_of(wire);

    wire->phase = command == WIRE_READY || command == WIRE_ERROR || command == WIRE_UNKNOWN
                      ? WIRE_ENDED
                      : WIRE_IN_FLAGS;
    return command;
}

static enum wire_fault take_length(struct wire *wire, uint8_t byte)
{
    wire->frame = wire->frame << 8 | byte;
    if (--wire->length_left > 0)
        return WIRE_FINE;
    if (wire->frame > WIRE_FRAME_MAX)
        return WIRE_OVERSIZED;
    begin_body(wire);
    return WIRE_FINE;
}

static void take_body(struct wire *wire, uint8_t byte)
{
    if (!wire->name_known) {
        wire->name_known = true;
        wire->name_room = byte;
    } else if (wire->name_room > 0) {
        if (wire->name_length < WIRE_NAME)
            wire->name[wire->name_length++] = (char)byte;
        wire->name_room--;
    } else if (wire->detail_length < sizeof wire->detail) {
        /* The first byte is the length of ERROR's reason. */
        if (wire->detail_length > 0)
            wire->detail[wire->detail_length - 1] = (char)byte;
        wire->detail_length++;
    }
    wire->frame--;
}

static enum wire_fault take_frame(struct wire *wire, uint8_t byte, enum wire_command *command)
{
    switch (wire->phase) {
    case WIRE_IN_FLAGS:
        if (!(byte & FLAG_COMMAND) || (byte & ~FLAGS_KNOWN)) {
            wire->phase = WIRE_ENDED;
            return WIRE_FINE;
        }
        wire->length_left = byte & FLAG_LONG ? 8 : 1;
        wire->frame = 0;
        wire->phase = WIRE_IN_LENGTH;
        return WIRE_FINE;
    case WIRE_IN_LENGTH:
        if (take_length(wire, byte) != WIRE_FINE)
            return WIRE_OVERSIZED;
        break;
    default:
        take_body(wire, byte);
    }
    if (wire->phase == WIRE_IN_BODY && wire->frame == 0)
        *command = end_body(wire);
    return WIRE_FINE;
}

/* Takes what of CURVE's greeting lies before the next byte that has to be looked at by itself: of
 * its mechanism, or of what nobody looks at. How much. */
static size_t take_usual(struct wire *wire, const uint8_t *bytes, size_t size)
{
    const uint32_t at = wire->position, end = WIRE_MECHANISM_AT + WIRE_MECHANISM;
    size_t count = 0;

    if (at >= WIRE_MECHANISM_AT && at < end) {
        count = end - at < size ? end - at : size;
        if (memcmp(bytes, curve + (at - WIRE_MECHANISM_AT), count) != 0)
            return 0;
        memcpy(wire->mechanism + (at - WIRE_MECHANISM_AT), bytes, count);
    } else if (at > WIRE_AS_SERVER_AT && at < WIRE_GREETING - 1) {
        count = WIRE_GREETING - 1 - at < size ? WIRE_GREETING - 1 - at : size;
    }
    wire->position += (uint32_t)count;
    return count;
}

/* Takes bytes of a body that say nothing: all but the last of those behind its name and detail. */
static size_t take_mute(struct wire *wire, size_t size)
{
    size_t count;

    if (wire->phase != WIRE_IN_BODY || wire->detail_length < sizeof wire->detail || wire->frame < 2)
        return 0;
    count = wire->frame - 1 < size ? (size_t)(wire->frame - 1) : size;
    wire->frame -= count;
    return count;
}

struct wire_step wire_take(struct wire *wire, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    struct wire_step step = {0, WIRE_FINE, 0, WIRE_NONE};

    while (step.taken < size && wire->phase != WIRE_ENDED) {
        size_t many = wire->phase == WIRE_IN_GREETING
                          ? take_usual(wire, at + step.taken, size - step.taken)
                          : take_mute(wire, size - step.taken);

        step.taken += many;
        if (many > 0)
            continue;
        step.fault = wire->phase == WIRE_IN_GREETING
                         ? greet(wire, at[step.taken])
                         : take_frame(wire, at[step.taken], &step.command);
        if (step.fault != WIRE_FINE) {
            step.offender = at[step.taken];
            return step;
        }
        step.taken++;
    }
    if (wire->phase == WIRE_ENDED)
        step.taken = size;
    return step;
}
