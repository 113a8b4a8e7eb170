#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shim/rfc3339.h"

static void assert_time(const char *text, int64_t expected)
{
    int64_t seconds = -42;

    if (!rfc3339_parse(&seconds, text))
        fail_msg("'%s' is refused", text);
    if (seconds != expected)
        fail_msg("'%s' is %lld, not %lld", text, (long long)seconds, (long long)expected);
}

static void assert_refused(const char *text)
{
    int64_t seconds;

    if (rfc3339_parse(&seconds, text))
        fail_msg("'%s' is accepted", text);
}

static void known_moments(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:00Z", 0);
    assert_time("1970-01-01T00:00:01Z", 1);
    assert_time("1969-12-31T23:59:59Z", -1);
    assert_time("2001-09-09T01:46:40Z", 1000000000);
    assert_time("2038-01-19T03:14:08Z", 2147483648);
    assert_time("2106-02-07T06:28:16Z", 4294967296);
    assert_time("1900-01-01T00:00:00Z", -2208988800);
    assert_time("0000-01-01T00:00:00Z", -62167219200);
    assert_time("9999-12-31T23:59:59Z", 253402300799);
}

static void spellings(void **state)
{
    (void)state;
    assert_time("2001-09-09t01:46:40z", 1000000000);
    assert_time("2001-09-09 01:46:40Z", 1000000000);
    assert_time("2001-09-09T01:46:40.0Z", 1000000000);
    assert_time("2001-09-09T01:46:40.999999999999999999999999Z", 1000000000);
    assert_time("1969-12-31T23:59:59.5Z", -1);
}

static void offsets(void **state)
{
    (void)state;
    assert_time("2001-09-09T01:46:40+00:00", 1000000000);
    assert_time("2001-09-09T01:46:40-00:00", 1000000000);
    assert_time("2001-09-09T03:46:40+02:00", 1000000000);
    assert_time("2001-09-08T20:46:40-05:00", 1000000000);
    assert_time("2001-09-09T07:31:40+05:45", 1000000000);
    assert_time("1970-01-01T23:59:00+23:59", 0);
    assert_time("1969-12-31T00:01:00-23:59", 0);
    assert_time("2001-09-09T03:46:40.25+02:00", 1000000000);
    assert_refused("2001-09-09T01:46:40");
    assert_refused("2001-09-09T01:46:40.5");
    assert_refused("2001-09-09T01:46:40+24:00");
    assert_refused("2001-09-09T01:46:40+00:60");
    assert_refused("2001-09-09T01:46:40+0200");
    assert_refused("2001-09-09T01:46:40+02");
    assert_refused("2001-09-09T01:46:40+2:00");
    assert_refused("2001-09-09T01:46:40+02:0");
    assert_refused("2001-09-09T01:46:40*02:00");
    assert_refused("2001-09-09T01:46:40 +02:00");
    assert_refused("2001-09-09T01:46:40Z+02:00");
    assert_refused("2001-09-09T01:46:40UTC");
}

static void leap_years(void **state)
{
    (void)state;
    assert_time("2000-02-29T00:00:00Z", 951782400);
    assert_time("2000-03-01T00:00:00Z", 951868800);
    assert_time("2024-02-29T12:00:00Z", 1709208000);
    assert_time("1900-03-01T00:00:00Z", -2203891200);
    assert_refused("1900-02-29T00:00:00Z");
    assert_refused("2100-02-29T00:00:00Z");
    assert_refused("2023-02-29T00:00:00Z");
    assert_refused("2024-02-30T00:00:00Z");
    assert_time("0000-02-29T00:00:00Z", -62162121600);
}

static void lengths_of_months(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char text[32];
    int64_t seconds;

    (void)state;
    for (int month = 1; month <= 12; month++) {
        snprintf(text, sizeof text, "2023-%02d-%02dT00:00:00Z", month, lengths[month - 1]);
        assert_true(rfc3339_parse(&seconds, text));
        snprintf(text, sizeof text, "2023-%02d-%02dT00:00:00Z", month, lengths[month - 1] + 1);
        assert_refused(text);
    }
}

static void fields_out_of_range(void **state)
{
    (void)state;
    assert_refused("2023-00-01T00:00:00Z");
    assert_refused("2023-13-01T00:00:00Z");
    assert_refused("2023-01-00T00:00:00Z");
    assert_refused("2023-01-32T00:00:00Z");
    assert_refused("2023-01-01T24:00:00Z");
    assert_refused("2023-01-01T25:00:00Z");
    assert_refused("2023-01-01T00:60:00Z");
    assert_refused("2023-01-01T00:00:61Z");
    assert_refused("2023-01-01T00:00:99Z");
    assert_time("2023-01-01T23:59:59Z", 1672617599);
}

static void a_leap_second_counts_as_the_second_before(void **state)
{
    (void)state;
    assert_time("2016-12-31T23:59:60Z", 1483228799);
    assert_time("2016-12-31T23:59:59Z", 1483228799);
    assert_time("2016-12-31T23:59:60.75Z", 1483228799);
    assert_time("2017-01-01T08:59:60+09:00", 1483228799);
}

static void what_is_not_a_whole_date_time(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "2023",
        "2023-01-01",
        "2023-01-01T",
        "2023-01-01T00",
        "2023-01-01T00:00",
        "2023-01-01T00:00Z",
        "20230101T000000Z",
        "2023-W01-1T00:00:00Z",
        "2023-001T00:00:00Z",
        "223-01-01T00:00:00Z",
        "12023-01-01T00:00:00Z",
        "+2023-01-01T00:00:00Z",
        "-2023-01-01T00:00:00Z",
        "2023-1-01T00:00:00Z",
        "2023-01-1T00:00:00Z",
        "2023/01/01T00:00:00Z",
        "2023-01-01_00:00:00Z",
        "2023-01-01  00:00:00Z",
        "2023-01-01T00.00.00Z",
        "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00,5Z",
        "2023-01-01T00:00:00ZZ",
        "2023-01-01T00:00:00Z ",
        "2023-01-01T00:00:00Z\n",
        " 2023-01-01T00:00:00Z",
        "2023-01-01T 0:00:00Z",
        "2023-01-01T-1:00:00Z",
        "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa3-01-01T00:00:00Z",
        "2023-01-01T00:00:00\xff",
        "99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_refused(bad[i]);
}

static void every_truncation_is_refused(void **state)
{
    static const char whole[] = "2023-01-01T00:00:00.123+01:30";
    char text[sizeof whole];

    (void)state;
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        snprintf(text, sizeof text, "%.*s", (int)length, whole);
        assert_refused(text);
    }
}

static void formats(void **state)
{
    char text[RFC3339_SIZE];

    (void)state;
    rfc3339_format(text, 0, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    rfc3339_format(text, -1, 999);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    rfc3339_format(text, 951782400, 7);
    assert_string_equal(text, "2000-02-29T00:00:00.007Z");
    rfc3339_format(text, 951868799, 50);
    assert_string_equal(text, "2000-02-29T23:59:59.050Z");
    rfc3339_format(text, 253402300799, 678);
    assert_string_equal(text, "9999-12-31T23:59:59.678Z");
    rfc3339_format(text, -62167219200, 0);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
    assert_int_equal(strlen(text), RFC3339_SIZE - 1);
}

static void days_agree_with_the_c_library(void **state)
{
    char text[RFC3339_SIZE], expected[64];
    int64_t seconds;
    struct tm tm;

    (void)state;
    /* A prime number of seconds, a little over a day, from 1900 past 2400. */
    for (time_t at = -2208988800; at < 13600000000; at += 86413) {
        gmtime_r(&at, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.123Z", &tm);
        rfc3339_format(text, at, 123);
        assert_string_equal(text, expected);
        assert_true(rfc3339_parse(&seconds, text));
        assert_true(seconds == at);
    }
}

static void hostile_clocks_stay_in_bounds(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -62167219201, 253402300800,
                                    INT64_MAX};
    struct {
        char text[RFC3339_SIZE];
        char guard;
    } out = {.guard = 'x'};

    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        rfc3339_format(out.text, times[i], 4000000000u);
        assert_int_equal(strlen(out.text), RFC3339_SIZE - 1);
        assert_int_equal(out.guard, 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments),
        cmocka_unit_test(spellings),
        cmocka_unit_test(offsets),
        cmocka_unit_test(leap_years),
        cmocka_unit_test(lengths_of_months),
        cmocka_unit_test(fields_out_of_range),
        cmocka_unit_test(a_leap_second_counts_as_the_second_before),
        cmocka_unit_test(what_is_not_a_whole_date_time),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(formats),
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(hostile_clocks_stay_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
