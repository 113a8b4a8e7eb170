#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/handshake.h"
#include "shim/metrics_table.h"
#include "shim/metrics_text.h"

static char text[METRICS_TEXT_ROOM];
static const struct metrics_process process = {"a comment", "agent \"1\"\n\xff\\", "host-7-99",
                                               "on", 1234567};

static const char *format(void)
{
    size_t length = metrics_format(text, &process);

    assert_int_equal(length, strlen(text));
    assert_true(length > 0);
    return text;
}

static void assert_line(const char *name, const char *labels, const char *value)
{
    char line[512];

    snprintf(line, sizeof line,
             "\n%s{program=\"agent \\\"1\\\"__\\\\\",process=\"host-7-99\"%s} %s\n", name, labels,
             value);
    if (strstr(format(), line) == NULL)
        fail_msg("%s is not in %s", line, text);
}

static int forget(void **state)
{
    (void)state;
    metrics_forked();
    return 0;
}

static void every_series_is_there_from_the_start(void **state)
{
    (void)state;
    assert_line("curveshim_blocked_total", ",reason=\"PLAIN\"", "0");
    assert_line("curveshim_handshakes_total", ",role=\"client\",result=\"ok\"", "0");
    assert_line("curveshim_authentications_total", ",result=\"deny\",reason=\"unknown key\"", "0");
    assert_line("curveshim_log_dropped_total", "", "0");
    assert_line("curveshim_connections", ",role=\"server\"", "0");
}

static void what_is_counted_shows(void **state)
{
    (void)state;
    metrics_count(METRIC_AUTHENTICATION_DENIED, "revoked");
    metrics_count(METRIC_AUTHENTICATION_DENIED, "revoked");
    metrics_count_many(METRIC_LOG_HELD_BACK, NULL, 1000);
    metrics_gauge_add(GAUGE_CONNECTIONS_CLIENT, 3);
    metrics_gauge_add(GAUGE_CONNECTIONS_CLIENT, -1);
    assert_line("curveshim_authentications_total", ",result=\"deny\",reason=\"revoked\"", "2");
    assert_line("curveshim_log_held_back_total", "", "1000");
    assert_line("curveshim_connections", ",role=\"client\"", "2");
}

static void what_is_not_listed_is_other(void **state)
{
    (void)state;
    metrics_count(METRIC_CALL_REFUSED, "a new reason");
    metrics_count(METRIC_CALL_REFUSED, "");
    metrics_count(METRIC_CALL_REFUSED, NULL);
    assert_line("curveshim_refused_calls_total", ",reason=\"other\"", "3");
}

static void parentheses_do_not_count(void **state)
{
    (void)state;
    metrics_count(METRIC_HANDSHAKE_CLIENT_FAILED, "refused by the peer's authenticator (300)");
    metrics_count(METRIC_HANDSHAKE_CLIENT_FAILED, "refused by the peer's authenticator (\n\")");
    assert_line("curveshim_handshakes_total",
                ",role=\"client\",result=\"failed\",reason=\"refused by the peer's authenticator\"",
                "2");
}

/* What the other tables of reasons say has a series of its own. */
static void reasons_of_handshakes_are_listed(void **state)
{
    const struct metric_row *row = &metrics_rows[METRIC_HANDSHAKE_CLIENT_FAILED];
    char reason[160];

    (void)state;
    for (int i = 0; i < 2 * HANDSHAKE_REASONS; i++) {
        handshake_reason(reason, sizeof reason, (enum handshake_reason)(i / 2), i % 2 == 0,
                         i / 2 == HANDSHAKE_MECHANISM ? "PLAIN" : "some detail");
        if (strcmp(row->reasons[metrics_reason(row, reason)], "other") == 0)
            fail_msg("not in metrics_table.c: %s", reason);
    }
}

static void an_expiry_that_is_not_known_is_absent(void **state)
{
    (void)state;
    assert_null(strstr(format(), "certificate=\"server\""));
    metrics_gauge_set(GAUGE_EXPIRY_SERVER, 1800000000);
    assert_line("curveshim_certificate_expiry_timestamp_seconds", ",certificate=\"server\"",
                "1800000000");
    metrics_gauge_set(GAUGE_EXPIRY_SERVER, 0);
    assert_null(strstr(format(), "certificate=\"server\""));
}

static void build_and_start_show(void **state)
{
    (void)state;
    assert_line("curveshim_build_info", ",version=\"" CURVESHIM_VERSION "\",mode=\"on\"", "1");
    assert_line("curveshim_process_start_time_seconds", "", "1234.567");
    assert_memory_equal(text, "# a comment\n", 12);
}

/* A table with a gap would dereference NULL, or index behind its row. */
static void the_table_is_whole(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        assert_non_null(metrics_rows[i].family);
        assert_non_null(metrics_rows[i].help);
        if (metrics_rows[i].reasons != NULL) {
            unsigned count = 0;

            while (metrics_rows[i].reasons[count] != NULL)
                count++;
            assert_in_range(count, 1, METRICS_REASONS);
            assert_string_equal(metrics_rows[i].reasons[count - 1], "other");
        }
    }
    for (int i = 0; i < GAUGE_COUNT; i++)
        assert_non_null(metrics_gauge_rows[i].family);
}

static void a_change_is_noticed(void **state)
{
    unsigned before = metrics_version();

    (void)state;
    metrics_gauge_set(GAUGE_AUTHORISED, 5);
    assert_int_not_equal(metrics_version(), before);
    metrics_wait(before, 60000);
    before = metrics_version();
    metrics_gauge_set(GAUGE_AUTHORISED, 5);
    assert_int_equal(metrics_version(), before);
    metrics_wait(before, 1);
}

static void a_forked_child_has_counted_nothing(void **state)
{
    (void)state;
    metrics_count(METRIC_BLOCKED, "NULL");
    metrics_gauge_add(GAUGE_CONNECTIONS_SERVER, 1);
    metrics_gauge_set(GAUGE_AUTHORISED, 5);
    metrics_forked();
    assert_line("curveshim_blocked_total", ",reason=\"NULL\"", "0");
    assert_line("curveshim_connections", ",role=\"server\"", "0");
    assert_line("curveshim_authorised_keys", "", "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_series_is_there_from_the_start, forget),
        cmocka_unit_test_setup(what_is_counted_shows, forget),
        cmocka_unit_test_setup(what_is_not_listed_is_other, forget),
        cmocka_unit_test_setup(parentheses_do_not_count, forget),
        cmocka_unit_test(reasons_of_handshakes_are_listed),
        cmocka_unit_test_setup(an_expiry_that_is_not_known_is_absent, forget),
        cmocka_unit_test_setup(build_and_start_show, forget),
        cmocka_unit_test_setup(the_table_is_whole, forget),
        cmocka_unit_test_setup(a_change_is_noticed, forget),
        cmocka_unit_test_setup(a_forked_child_has_counted_nothing, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
