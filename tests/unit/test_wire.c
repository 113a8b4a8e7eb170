#include "tests/unit/unit.h"

#include <string.h>

#include "shim/wire.h"

static uint8_t stream[4096];
static size_t length;

static void put(const void *bytes, size_t size)
{
    memcpy(stream + length, bytes, size);
    length += size;
}

static int fresh(void **state)
{
    (void)state;
    length = 0;
    return 0;
}

static void put_greeting(const char *mechanism, uint8_t major)
{
    uint8_t greeting[WIRE_GREETING] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, 0};

    memcpy(greeting + WIRE_MECHANISM_AT, mechanism, strlen(mechanism));
    put(greeting, sizeof greeting);
}

static void put_command(const char *name, const char *body, size_t size, bool as_long)
{
    uint8_t head[10] = {as_long ? 6 : 4};
    size_t total = 1 + strlen(name) + size, head_length = as_long ? 9 : 2;
    uint8_t name_length = (uint8_t)strlen(name);

    for (size_t i = 1; i < head_length; i++)
        head[i] = (uint8_t)(total >> (8 * (head_length - 1 - i)));
    put(head, head_length);
    put(&name_length, 1);
    put(name, strlen(name));
    put(body, size);
}

/* Feeds the stream in pieces of the given size; stops at a fault. */
static struct wire_step feed(struct wire *wire, size_t piece)
{
    struct wire_step all = {0}, step;

    memset(wire, 0, sizeof *wire);
    for (size_t at = 0; at < length; at += piece) {
        step = wire_take(wire, stream + at, piece < length - at ? piece : length - at);
        all.taken += step.taken;
        all.fault = step.fault;
        all.offender = step.offender;
        if (step.command != WIRE_NONE)
            all.command = step.command;
        if (step.fault != WIRE_FINE)
            break;
    }
    return all;
}

static void expect(enum wire_fault fault, size_t taken)
{
    for (size_t piece = 1; piece <= length; piece++) {
        struct wire wire;
        struct wire_step step = feed(&wire, piece);

        assert_int_equal(step.fault, fault);
        assert_int_equal(step.taken, taken);
    }
}

static void curve_passes_in_every_fragmentation(void **state)
{
    static const char body[200];
    struct wire wire;

    (void)state;
    put_greeting("CURVE", 3);
    put_command("HELLO", body, 194, false);
    put_command("INITIATE", body, 200, true);
    expect(WIRE_FINE, length);
    for (size_t piece = 1; piece <= length; piece++) {
        assert_int_equal(feed(&wire, piece).command, WIRE_INITIATE);
        assert_int_equal(wire.phase, WIRE_IN_FLAGS);
        assert_true(wire_is_zmtp(&wire));
    }
}

static void other_mechanisms_stop_at_their_first_own_byte(void **state)
{
    static const struct {
        const char *mechanism;
        size_t taken;
    } cases[] = {{"NULL", 12},   {"PLAIN", 12}, {"GSSAPI", 12}, {"", 12},
                 {"CURVES", 17}, {"CURV", 16},  {"curve", 12},  {"CURVE\1", 17}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        length = 0;
        put_greeting(cases[i].mechanism, 3);
        expect(WIRE_MECHANISM_OTHER, cases[i].taken);
    }
}

static void old_versions_stop_at_the_version(void **state)
{
    (void)state;
    for (uint8_t major = 0; major < 3; major++) {
        length = 0;
        put_greeting("CURVE", major);
        expect(WIRE_OLD, 10);
    }
    length = 0;
    put_greeting("CURVE", 4);
    expect(WIRE_FINE, WIRE_GREETING);
}

/* libzmq answers a ZMTP 2 peer with its socket type and identity after it has sent major 3. */
static void a_fall_back_to_zmtp_2_is_stopped_before_payload(void **state)
{
    (void)state;
    put("\xff\0\0\0\0\0\0\0\1\x7f\3", 11);
    put("\x08\0\0\0\5hello", 10);
    expect(WIRE_MECHANISM_OTHER, 12);
}

static void what_is_not_zmtp(void **state)
{
    (void)state;
    put("GET / HTTP/1.1\r\n", 16);
    expect(WIRE_NOT_ZMTP, 0);
    length = 0;
    put("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1", 13);
    expect(WIRE_NOT_ZMTP, 9);
}

static void the_ninth_byte_may_vary(void **state)
{
    (void)state;
    put_greeting("CURVE", 3);
    stream[8] = 0x42;
    expect(WIRE_FINE, WIRE_GREETING);
}

static void oversized_frames_stop_before_their_body(void **state)
{
    (void)state;
    put_greeting("CURVE", 3);
    put("\6\0\0\0\0\0\1\0\1\7WELCOME", 17);
    expect(WIRE_OVERSIZED, WIRE_GREETING + 8);
    length = 0;
    put_greeting("CURVE", 3);
    put("\6\0\0\0\0\0\1\0\0\7WELCOME", 17);
    expect(WIRE_FINE, length);
    length = 0;
    put_greeting("CURVE", 3);
    put("\6\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    expect(WIRE_OVERSIZED, WIRE_GREETING + 8);
}

static void error_shows_its_code(void **state)
{
    struct wire wire;

    (void)state;
    put_greeting("CURVE", 3);
    put_command("ERROR", "\003400", 4, false);
    put("anything after it", 17);
    for (size_t piece = 1; piece <= length; piece++) {
        assert_int_equal(feed(&wire, piece).command, WIRE_ERROR);
        assert_int_equal(wire.phase, WIRE_ENDED);
        assert_memory_equal(wire.detail, "400", 3);
    }
    expect(WIRE_FINE, length);
}

static void ready_ends_it_and_messages_pass_unseen(void **state)
{
    struct wire wire;

    (void)state;
    put_greeting("CURVE", 3);
    put_command("READY", "0123456789", 10, false);
    put("\xff\xff\xff\xff", 4);
    expect(WIRE_FINE, length);
    assert_int_equal(feed(&wire, 1).command, WIRE_READY);
    assert_int_equal(wire.phase, WIRE_ENDED);
}

static void empty_and_nameless_frames_end_it(void **state)
{
    struct wire wire;

    (void)state;
    put_greeting("CURVE", 3);
    put("\4\0", 2);
    expect(WIRE_FINE, length);
    assert_int_equal(feed(&wire, 1).command, WIRE_UNKNOWN);
    length = 0;
    put_greeting("CURVE", 3);
    put("\4\1\xff", 3);
    expect(WIRE_FINE, length);
    length = 0;
    put_greeting("CURVE", 3);
    put("\0\5hello", 7);
    expect(WIRE_FINE, length);
    assert_int_equal(feed(&wire, 3).command, WIRE_NONE);
    assert_int_equal(wire.phase, WIRE_ENDED);
}

static void long_names_are_cut_and_unknown(void **state)
{
    struct wire wire;

    (void)state;
    put_greeting("CURVE", 3);
    put_command("INITIATEINITIATEINITIATE", "", 0, false);
    assert_int_equal(feed(&wire, 1).command, WIRE_UNKNOWN);
    length = 0;
    put_greeting("CURVE", 3);
    put_command("READYREADY", "", 0, false);
    assert_int_equal(feed(&wire, 1).command, WIRE_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(curve_passes_in_every_fragmentation),
        TEST(other_mechanisms_stop_at_their_first_own_byte),
        TEST(old_versions_stop_at_the_version),
        TEST(a_fall_back_to_zmtp_2_is_stopped_before_payload),
        TEST(what_is_not_zmtp),
        TEST(the_ninth_byte_may_vary),
        TEST(oversized_frames_stop_before_their_body),
        TEST(error_shows_its_code),
        TEST(ready_ends_it_and_messages_pass_unseen),
        TEST(empty_and_nameless_frames_end_it),
        TEST(long_names_are_cut_and_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
