#include "tests/unit/unit.h"

#include <string.h>

#include "shim/zap.h"

static const uint8_t key[KEY_BYTES] = "0123456789abcdef0123456789abcde";

#define TEXT(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct zap_frame curve[] = {
    TEXT("1.0"), TEXT("1"), TEXT("global"), TEXT("127.0.0.1"), TEXT(""), TEXT("CURVE"), {key, 32},
};

/* The frames above, with one replaced. */
static int parse_with(struct zap_request *request, size_t at, const void *data, size_t size)
{
    struct zap_frame frames[ZAP_REQUEST_FRAMES];

    memcpy(frames, curve, sizeof frames);
    frames[at].data = data;
    frames[at].size = size;
    return zap_request_parse(request, frames, ZAP_REQUEST_FRAMES);
}

static void a_curve_request(void **state)
{
    struct zap_request request;

    (void)state;
    assert_int_equal(zap_request_parse(&request, curve, COUNT(curve)), 0);
    assert_int_equal(request.mechanism, ZAP_CURVE);
    assert_int_equal(request.id_length, 1);
    assert_string_equal(request.id, "1");
    assert_string_equal(request.domain, "global");
    assert_string_equal(request.address, "127.0.0.1");
    assert_memory_equal(request.key, key, KEY_BYTES);
}

static void other_mechanisms_have_no_key(void **state)
{
    static const uint8_t none[KEY_BYTES];
    struct zap_frame frames[9];
    struct zap_request request;

    (void)state;
    memcpy(frames, curve, sizeof curve);
    frames[5] = (struct zap_frame)TEXT("NULL");
    assert_int_equal(zap_request_parse(&request, frames, 6), 0);
    assert_int_equal(request.mechanism, ZAP_NULL);
    assert_memory_equal(request.key, none, KEY_BYTES);

    frames[5] = (struct zap_frame)TEXT("PLAIN");
    frames[6] = (struct zap_frame)TEXT("user");
    frames[7] = (struct zap_frame)TEXT("password");
    assert_int_equal(zap_request_parse(&request, frames, 8), 0);
    assert_int_equal(request.mechanism, ZAP_PLAIN);
    assert_memory_equal(request.key, none, KEY_BYTES);

    frames[5] = (struct zap_frame)TEXT("GSSAPI");
    assert_int_equal(zap_request_parse(&request, frames, 7), 0);
    assert_int_equal(request.mechanism, ZAP_GSSAPI);
    assert_memory_equal(request.key, none, KEY_BYTES);
}

static void mechanisms_are_compared_whole(void **state)
{
    static const char *const others[] = {"curve", "CURV", "CURVEX", "CURVE ", "null", "", "PLAI"};
    struct zap_request request;

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(parse_with(&request, 5, others[i], strlen(others[i])), 0);
        assert_int_equal(request.mechanism, ZAP_OTHER);
    }
    assert_int_equal(parse_with(&request, 5, "CURVE\0", 6), 0);
    assert_int_equal(request.mechanism, ZAP_OTHER);
    assert_int_equal(parse_with(&request, 5, NULL, 0), 0);
    assert_int_equal(request.mechanism, ZAP_OTHER);
}

static void only_version_1_0(void **state)
{
    static const char *const others[] = {"", "1", "1.", "1.1", "2.0", "1.00", " 1.0", "1.0 "};
    struct zap_request request;

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(parse_with(&request, 0, others[i], strlen(others[i])), -1);
    assert_int_equal(parse_with(&request, 0, "1.0\0", 4), -1);
    assert_int_equal(parse_with(&request, 0, NULL, 0), -1);
}

static void counts_of_frames(void **state)
{
    struct zap_frame frames[8];
    struct zap_request request;

    (void)state;
    memcpy(frames, curve, sizeof curve);
    frames[7] = (struct zap_frame)TEXT("");
    for (size_t count = 0; count < 7; count++)
        assert_int_equal(zap_request_parse(&request, frames, count), -1);
    assert_int_equal(zap_request_parse(&request, frames, 7), 0);
    assert_int_equal(zap_request_parse(&request, frames, 8), -1);
    frames[5] = (struct zap_frame)TEXT("NULL");
    for (size_t count = 0; count < 6; count++)
        assert_int_equal(zap_request_parse(&request, frames, count), -1);
    assert_int_equal(zap_request_parse(&request, frames, 6), 0);
}

static void keys_are_32_bytes(void **state)
{
    uint8_t bytes[41] = {1};
    struct zap_request request;

    (void)state;
    assert_int_equal(parse_with(&request, 6, bytes, 0), -1);
    assert_int_equal(parse_with(&request, 6, NULL, 0), -1);
    assert_int_equal(parse_with(&request, 6, bytes, 31), -1);
    assert_int_equal(parse_with(&request, 6, bytes, 33), -1);
    assert_int_equal(parse_with(&request, 6, bytes, 40), -1);
    assert_int_equal(parse_with(&request, 6, bytes, 32), 0);
}

static void texts_up_to_255_bytes(void **state)
{
    struct zap_request request;
    char text[ZAP_FRAME_MAX + 1];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t at = 1; at <= 3; at++) {
        assert_int_equal(parse_with(&request, at, text, ZAP_FRAME_MAX), 0);
        assert_int_equal(parse_with(&request, at, text, ZAP_FRAME_MAX + 1), -1);
        assert_int_equal(parse_with(&request, at, NULL, 0), 0);
    }
    assert_int_equal(parse_with(&request, 2, text, ZAP_FRAME_MAX), 0);
    assert_int_equal(strlen(request.domain), ZAP_FRAME_MAX);
    assert_int_equal(parse_with(&request, 3, NULL, 0), 0);
    assert_string_equal(request.address, "");
    /* The routing id is not kept: any length will do. */
    assert_int_equal(parse_with(&request, 4, text, ZAP_FRAME_MAX + 1), 0);
}

static void ids_may_hold_any_byte(void **state)
{
    static const char id[] = "a\0b\xff";
    struct zap_request request;

    (void)state;
    assert_int_equal(parse_with(&request, 1, id, 4), 0);
    assert_int_equal(request.id_length, 4);
    assert_memory_equal(request.id, id, 4);
}

static void texts_end_at_a_nul_byte(void **state)
{
    struct zap_request request;

    (void)state;
    assert_int_equal(parse_with(&request, 2, "global\0evil", 11), 0);
    assert_string_equal(request.domain, "global");
    assert_int_equal(parse_with(&request, 3, "127.0.0.1\0x", 11), 0);
    assert_string_equal(request.address, "127.0.0.1");
}

static void nothing_of_the_last_request_stays(void **state)
{
    struct zap_request request;

    (void)state;
    memset(&request, 0xff, sizeof request);
    assert_int_equal(parse_with(&request, 2, "", 0), 0);
    assert_string_equal(request.domain, "");
    memset(&request, 0xff, sizeof request);
    assert_int_equal(parse_with(&request, 0, "2.0", 3), -1);
    assert_int_equal(request.mechanism, ZAP_OTHER);
}

static void metadata_is_length_and_value(void **state)
{
    static const uint8_t expected[] = "\4Name\0\0\0\3bob";
    uint8_t buffer[64];

    (void)state;
    assert_int_equal(zap_metadata(buffer, sizeof buffer, "Name", "bob"), 12);
    assert_memory_equal(buffer, expected, 12);
    assert_int_equal(zap_metadata(buffer, sizeof buffer, "Name", ""), 9);
    assert_memory_equal(buffer, "\4Name\0\0\0\0", 9);
}

static void metadata_that_does_not_fit(void **state)
{
    uint8_t buffer[13];

    (void)state;
    for (size_t size = 0; size < 12; size++) {
        memset(buffer, 0xaa, sizeof buffer);
        assert_int_equal(zap_metadata(buffer, size, "Name", "bob"), 0);
        assert_int_equal(buffer[size], 0xaa);
    }
    assert_int_equal(zap_metadata(buffer, 12, "Name", "bob"), 12);
    assert_int_equal(buffer[12], 0xaa);
}

static void long_metadata(void **state)
{
    static char name[257], value[70000];
    static uint8_t buffer[71000];

    (void)state;
    memset(name, 'n', 256);
    memset(value, 'v', sizeof value - 1);
    assert_int_equal(zap_metadata(buffer, sizeof buffer, name, "x"), 0);
    name[255] = '\0';
    assert_int_equal(zap_metadata(buffer, sizeof buffer, name, value), 5 + 255 + 69999);
    assert_int_equal(buffer[0], 255);
    assert_memory_equal(buffer + 256, "\0\1\x11\x6f", 4);
    assert_int_equal(buffer[260], 'v');
    assert_int_equal(buffer[260 + 69998], 'v');
    assert_int_equal(buffer[260 + 69999], 0);
}

static const struct zap_frame accepted[] = {
    TEXT("1.0"), TEXT("1"), TEXT("200"), TEXT("OK"), TEXT("anna"), TEXT("metadata"),
};

/* The frames above, with one replaced. */
static int reply_with(struct zap_reply *reply, size_t at, const char *text)
{
    struct zap_frame frames[ZAP_REPLY_FRAMES];

    memcpy(frames, accepted, sizeof frames);
    frames[at].data = text;
    frames[at].size = strlen(text);
    return zap_reply_parse(reply, frames, ZAP_REPLY_FRAMES, "1", 1);
}

static void a_reply(void **state)
{
    static const char *const statuses[] = {"200", "300", "400", "500"};
    struct zap_reply reply;

    (void)state;
    assert_int_equal(zap_reply_parse(&reply, accepted, COUNT(accepted), "1", 1), 0);
    assert_int_equal(reply.metadata.size, 8);
    assert_memory_equal(reply.metadata.data, "metadata", 8);
    for (size_t i = 0; i < COUNT(statuses); i++) {
        assert_int_equal(reply_with(&reply, 2, statuses[i]), 0);
        assert_int_equal(reply.status, 200 + 100 * (int)i);
    }
    assert_int_equal(reply_with(&reply, 5, ""), 0);
    assert_int_equal(reply.metadata.size, 0);
}

static void replies_that_libzmq_would_not_take(void **state)
{
    static const char *const statuses[] = {"",    "20",  "2000", "201", "210",
                                           "100", "600", " 20",  "2 0", "2\xb0\xb0"};
    struct zap_frame frames[ZAP_REPLY_FRAMES + 1];
    struct zap_reply reply;

    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++)
        assert_int_equal(reply_with(&reply, 2, statuses[i]), -1);
    assert_int_equal(reply_with(&reply, 0, "1"), -1);
    assert_int_equal(reply_with(&reply, 0, "1.00"), -1);
    assert_int_equal(reply_with(&reply, 1, "2"), -1);
    assert_int_equal(reply_with(&reply, 1, ""), -1);
    assert_int_equal(reply_with(&reply, 1, "11"), -1);
    memcpy(frames, accepted, sizeof accepted);
    frames[ZAP_REPLY_FRAMES] = accepted[5];
    for (size_t count = 0; count < ZAP_REPLY_FRAMES; count++)
        assert_int_equal(zap_reply_parse(&reply, frames, count, "1", 1), -1);
    assert_int_equal(zap_reply_parse(&reply, frames, ZAP_REPLY_FRAMES + 1, "1", 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_request),
        cmocka_unit_test(other_mechanisms_have_no_key),
        cmocka_unit_test(mechanisms_are_compared_whole),
        cmocka_unit_test(only_version_1_0),
        cmocka_unit_test(counts_of_frames),
        cmocka_unit_test(keys_are_32_bytes),
        cmocka_unit_test(texts_up_to_255_bytes),
        cmocka_unit_test(ids_may_hold_any_byte),
        cmocka_unit_test(texts_end_at_a_nul_byte),
        cmocka_unit_test(nothing_of_the_last_request_stays),
        cmocka_unit_test(metadata_is_length_and_value),
        cmocka_unit_test(metadata_that_does_not_fit),
        cmocka_unit_test(long_metadata),
        cmocka_unit_test(a_reply),
        cmocka_unit_test(replies_that_libzmq_would_not_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
