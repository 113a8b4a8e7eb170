#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "shim/event.h"

static const struct event_origin origin = {1000000000, 5, 4711, "ag\"ent]", 0};
static char datagram[EVENT_SYSLOG_MAX + 1];

static void format(const struct event *event, const struct event_origin *from, const char *host,
                   bool json)
{
    size_t length;

    memset(datagram, '!', sizeof datagram);
    length = event_format_syslog(datagram, event, from, host, json);
    assert_in_range(length, 1, EVENT_SYSLOG_MAX);
    assert_int_equal(strlen(datagram), length);
    for (size_t i = 0; i < length; i++)
        assert_false((unsigned char)datagram[i] < 0x20 || datagram[i] == 0x7f);
}

static void a_whole_datagram(void **state)
{
    struct event event;

    (void)state;
    event_init(&event, EVENT_WARNING, "auth", "client refused: revoked");
    event_text(&event, "name", "a \\ b ] c \" d \n \xff");
    event_number(&event, "repeated", 3);
    format(&event, &origin, "box", false);
    assert_string_equal(datagram,
                        "<84>1 2001-09-09T01:46:40.005Z box curveshim 4711 auth "
                        "[curveshim@32473 program=\"ag\\\"ent\\]\" level=\"warning\" "
                        "name=\"a \\\\ b \\] c \\\" d \\\\u000a \xef\xbf\xbd\" repeated=\"3\"] "
                        "ag\\\"ent] warning auth: client refused: revoked "
                        "name=\"a \\\\ b ] c \\\" d \\u000a \\xff\" repeated=3");
}

static void json_as_message(void **state)
{
    struct event event;

    (void)state;
    event_init(&event, EVENT_ERROR, "refused", "no");
    format(&event, &origin, "box", true);
    assert_non_null(strstr(datagram, "level=\"error\"] {\"time\":"));
    assert_string_equal(datagram + strlen(datagram) - 15, "\"message\":\"no\"}");
}

static void severities(void **state)
{
    static const char *const heads[] = {"<83>1 ", "<84>1 ", "<86>1 ", "<87>1 "};
    struct event event;

    (void)state;
    for (int level = EVENT_ERROR; level <= EVENT_DEBUG; level++) {
        event_init(&event, (enum event_level)level, "config", "x");
        format(&event, &origin, "box", false);
        assert_memory_equal(datagram, heads[level], 6);
    }
}

static void assert_host(const char *host, const char *shown)
{
    char expected[512];
    struct event event;

    event_init(&event, EVENT_INFO, "config", "x");
    format(&event, &origin, host, false);
    snprintf(expected, sizeof expected, "05Z %s curveshim ", shown);
    assert_non_null(strstr(datagram, expected));
}

static void host_names_are_printable(void **state)
{
    (void)state;
    assert_host("", "-");
    assert_host("a b\n\xc3\xbc", "a_b___");
    assert_host("node-1.example", "node-1.example");
}

static void the_longest_is_whole(void **state)
{
    static const char *const values[] = {"\n", "\"", "]", "\\", "x", "\xf4\x8f\xbf\xbf", "\xff"};
    static char longest[9001];
    const struct event_origin from = {INT64_MIN, 999, -2147483647 - 1, longest, INT64_MAX};
    struct event event;

    (void)state;
    for (size_t v = 0; v < COUNT(values); v++) {
        longest[0] = '\0';
        for (size_t at = 0, n = strlen(values[v]); at + n < sizeof longest; at += n)
            memcpy(longest + at, values[v], n + 1);
        for (int json = 0; json < 2; json++) {
            event_init(&event, EVENT_WARNING, "authenticator", longest);
            for (size_t i = 0; i < EVENT_FIELDS; i++)
                event_text(&event, "a_name_of_thirty_characters__0", longest);
            format(&event, &from, longest, json);
            assert_non_null(strstr(datagram, "dropped=\"9223372036854775807\"] "));
            assert_string_equal(datagram + strlen(datagram) - 1, json ? "}" : "7");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_datagram),     cmocka_unit_test(json_as_message),
        cmocka_unit_test(severities),           cmocka_unit_test(host_names_are_printable),
        cmocka_unit_test(the_longest_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
