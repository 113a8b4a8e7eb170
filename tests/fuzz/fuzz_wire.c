#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shim/wire.h"

/* A first byte that says how to cut the rest into pieces, and the bytes of one direction. */

struct outcome {
    struct wire wire;
    struct wire_step step;
    size_t taken;
    unsigned commands;
};

/* Pieces of 1 to 16 bytes, by a sequence that depends on the seed; 0: all at once. */
static void feed(struct outcome *outcome, const uint8_t *data, size_t size, unsigned seed)
{
    size_t at = 0;

    memset(outcome, 0, sizeof *outcome);
    do {
        size_t piece = size - at;
        uint8_t *own;

        if (seed != 0) {
            seed = seed * 1103515245u + 12345u;
            if (piece > 1 + (seed >> 16) % 16)
                piece = 1 + (seed >> 16) % 16;
        }
        own = malloc(piece + 1);
        CHECK(own != NULL);
        memcpy(own, data + at, piece);
        outcome->step = wire_take(&outcome->wire, own, piece);
        free(own);
        CHECK(outcome->step.taken <= piece);
        outcome->taken += outcome->step.taken;
        outcome->commands += outcome->step.command != WIRE_NONE;
        if (outcome->step.fault != WIRE_FINE) {
            CHECK(outcome->step.taken < piece);
            CHECK(outcome->step.offender == data[outcome->taken]);
            return;
        }
        CHECK(outcome->step.taken == piece);
        at += piece;
    } while (at < size);
}

/* The promise, spelt once more: of a greeting nothing leaves that CURVE would not send. */
static void check_greeting(const struct outcome *outcome, const uint8_t *data)
{
    static const char mechanism[WIRE_MECHANISM] = "CURVE";

    for (size_t i = 0; i < outcome->taken && i < WIRE_GREETING; i++) {
        if (i == 0)
            CHECK(data[i] == 0xff);
        else if (i == 9)
            CHECK(data[i] == 0x7f);
        else if (i == 10)
            CHECK(data[i] >= 3);
        else if (i >= WIRE_MECHANISM_AT && i < WIRE_MECHANISM_AT + WIRE_MECHANISM)
            CHECK(data[i] == (uint8_t)mechanism[i - WIRE_MECHANISM_AT]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, pieces;

    if (size < 2)
        return 0;
    feed(&whole, data + 1, size - 1, 0);
    feed(&pieces, data + 1, size - 1, 1u + data[0]);
    check_greeting(&whole, data + 1);
    CHECK(pieces.taken == whole.taken);
    CHECK(pieces.step.fault == whole.step.fault);
    CHECK(memcmp(&pieces.wire, &whole.wire, sizeof whole.wire) == 0);
    CHECK(whole.commands <= pieces.commands);
    CHECK(whole.wire.phase <= WIRE_ENDED);
    CHECK(whole.wire.phase == WIRE_ENDED || whole.wire.frame <= WIRE_FRAME_MAX ||
          whole.wire.phase == WIRE_IN_LENGTH || whole.step.fault == WIRE_OVERSIZED);
    CHECK(whole.wire.name[WIRE_NAME] == '\0');
    CHECK(wire_is_zmtp(&whole.wire) == (whole.taken >= 10));
    return 0;
}
