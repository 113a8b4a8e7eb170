#include "tests/unit/unit.h"

#include <string.h>

#include "shim/handshake.h"
#include "shim/metrics_table.h"
#include "shim/observer_judge.h"

static char text[512];

static void every_reason_has_words_and_a_remedy(void **state)
{
    struct handshake_about about = {true, "tcp://a:1", "/certs/server.key", "SHA256:x"};

    (void)state;
    for (int i = 0; i < HANDSHAKE_REASONS; i++)
        for (int connecting = 0; connecting < 2; connecting++) {
            about.connecting = connecting;
            assert_true(strlen(handshake_label((enum handshake_reason)i)) > 0);
            handshake_reason(text, sizeof text, (enum handshake_reason)i, connecting, "detail");
            assert_true(strlen(text) > 0);
            assert_null(strchr(text, '%'));
            handshake_remedy(text, sizeof text, (enum handshake_reason)i, &about);
            assert_true(strlen(text) > 0);
        }
}

static bool is_listed(enum metric metric, const char *reason)
{
    const struct metric_row *row = &metrics_rows[metric];
    const char *listed = row->reasons[metrics_reason(row, reason)];

    return strcmp(listed, "other") != 0;
}

static void every_reason_is_a_label_of_the_metrics(void **state)
{
    (void)state;
    for (int i = 0; i < HANDSHAKE_REASONS; i++) {
        handshake_reason(text, sizeof text, (enum handshake_reason)i, true, "NULL");
        assert_true(is_listed(METRIC_HANDSHAKE_CLIENT_FAILED, text));
        handshake_reason(text, sizeof text, (enum handshake_reason)i, false, "NULL");
        assert_true(is_listed(METRIC_HANDSHAKE_SERVER_FAILED, text));
    }
}

static void a_wrong_key_is_named_with_its_file(void **state)
{
    struct handshake_about about = {true, "tcp://a:1", "/certs/known_servers:3", "SHA256:x"};

    (void)state;
    handshake_remedy(text, sizeof text, HANDSHAKE_WRONG_SERVER_KEY, &about);
    assert_non_null(strstr(text, "/certs/known_servers:3 has the key SHA256:x"));
    assert_non_null(strstr(text, "tcp://a:1"));
    about.source = about.fingerprint = "";
    handshake_remedy(text, sizeof text, HANDSHAKE_WRONG_SERVER_KEY, &about);
    assert_non_null(strstr(text, "tcp://a:1"));
}

static void details_that_look_like_formats(void **state)
{
    (void)state;
    handshake_reason(text, sizeof text, HANDSHAKE_UNREACHABLE, true, "%s%n");
    assert_string_equal(text, "unreachable (%s%n)");
}

static struct slot slot(bool connecting, enum wire_phase in, int sent, int received)
{
    struct slot made;

    memset(&made, 0, sizeof made);
    made.connecting = connecting;
    made.watched = true;
    made.in.phase = (uint8_t)in;
    made.sent = (uint8_t)sent;
    made.received = (uint8_t)received;
    return made;
}

#define assert_verdict(made, stop, still, expected)                                                \
    do {                                                                                           \
        struct slot judged = made;                                                                 \
        struct verdict_on verdict = observer_judge(&judged, stop, still);                          \
        assert_true(verdict.tell);                                                                 \
        assert_int_equal(verdict.reason, expected);                                                \
    } while (0)

#define assert_nothing(made, stop, still)                                                          \
    do {                                                                                           \
        struct slot judged = made;                                                                 \
        assert_false(observer_judge(&judged, stop, still).tell);                                   \
    } while (0)

static void clients(void **state)
{
    const int late = JUDGE_STALLED_MS;
    struct slot unreached = slot(true, WIRE_IN_GREETING, WIRE_NONE, WIRE_NONE);

    (void)state;
    unreached.watched = false;
    assert_verdict(unreached, STOP_STALLED, late, HANDSHAKE_UNREACHABLE);
    assert_nothing(unreached, STOP_CLOSED, 10);
    assert_verdict(slot(true, WIRE_IN_GREETING, WIRE_NONE, WIRE_NONE), STOP_HUNG_UP, 0,
                   HANDSHAKE_NO_GREETING);
    assert_verdict(slot(true, WIRE_IN_GREETING, WIRE_NONE, WIRE_NONE), STOP_STALLED, late,
                   HANDSHAKE_TIMEOUT);
    assert_verdict(slot(true, WIRE_IN_FLAGS, WIRE_HELLO, WIRE_NONE), STOP_HUNG_UP, 0,
                   HANDSHAKE_WRONG_SERVER_KEY);
    assert_verdict(slot(true, WIRE_IN_FLAGS, WIRE_HELLO, WIRE_NONE), STOP_STALLED, late,
                   HANDSHAKE_TIMEOUT);
    assert_nothing(slot(true, WIRE_IN_FLAGS, WIRE_HELLO, WIRE_NONE), STOP_CLOSED, late - 1);
    assert_verdict(slot(true, WIRE_IN_FLAGS, WIRE_INITIATE, WIRE_WELCOME), STOP_HUNG_UP, 0,
                   HANDSHAKE_REFUSED);
    assert_verdict(slot(true, WIRE_IN_FLAGS, WIRE_INITIATE, WIRE_WELCOME), STOP_CLOSED, late,
                   HANDSHAKE_REFUSED);
}

static void servers(void **state)
{
    const int late = JUDGE_STALLED_MS;
    struct slot server = slot(false, WIRE_IN_FLAGS, WIRE_NONE, WIRE_NONE);

    (void)state;
    assert_verdict(slot(false, WIRE_IN_FLAGS, WIRE_NONE, WIRE_HELLO), STOP_CLOSED, 0,
                   HANDSHAKE_WRONG_SERVER_KEY);
    assert_nothing(slot(false, WIRE_IN_FLAGS, WIRE_NONE, WIRE_HELLO), STOP_HUNG_UP, 0);
    assert_nothing(slot(false, WIRE_IN_FLAGS, WIRE_WELCOME, WIRE_INITIATE), STOP_CLOSED, late);
    assert_verdict(server, STOP_STALLED, late, HANDSHAKE_BOTH_SERVERS);
    assert_verdict(server, STOP_HUNG_UP, 0, HANDSHAKE_HUNG_UP);
    server.in.as_server = 1;
    assert_verdict(server, STOP_HUNG_UP, 0, HANDSHAKE_BOTH_SERVERS);
    assert_verdict(slot(false, WIRE_IN_FLAGS, WIRE_WELCOME, WIRE_HELLO), STOP_STALLED, late,
                   HANDSHAKE_TIMEOUT);
    server = slot(false, WIRE_IN_GREETING, WIRE_NONE, WIRE_NONE);
    server.in.position = server.out.position = WIRE_GREETING;
    assert_verdict(server, STOP_HUNG_UP, 0, HANDSHAKE_NOT_CURVE);
    assert_nothing(server, STOP_CLOSED, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_words_and_a_remedy),
        cmocka_unit_test(every_reason_is_a_label_of_the_metrics),
        cmocka_unit_test(a_wrong_key_is_named_with_its_file),
        cmocka_unit_test(details_that_look_like_formats),
        cmocka_unit_test(clients),
        cmocka_unit_test(servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
