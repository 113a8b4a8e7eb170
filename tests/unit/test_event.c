#include "tests/unit/event_fixture.h"

#include <stdio.h>
#include <string.h>

static void the_two_spellings(void **state)
{
    struct event event;

    (void)state;
    event_init(&event, EVENT_WARNING, "auth", "it's refused");
    event_text(&event, "result", "deny");
    event_text(&event, "absent", NULL);
    event_number(&event, "repeated", -12);
    event_text(&event, "empty", "");
    assert_int_equal(event.count, 3);
    assert_false(event.always);
    text_line(&event, &origin);
    assert_string_equal(line, "2001-09-09T01:46:40.005Z agent[4711] warning auth: it's refused "
                              "result=\"deny\" repeated=-12 empty=\"\"\n");
    json_line(&event, &origin);
    assert_string_equal(line, "{\"time\":\"2001-09-09T01:46:40.005Z\",\"level\":\"warning\","
                              "\"event\":\"auth\",\"pid\":4711,\"program\":\"agent\","
                              "\"result\":\"deny\",\"repeated\":-12,\"empty\":\"\","
                              "\"message\":\"it's refused\"}\n");
}

static void levels_have_names(void **state)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct event event;

        assert_string_equal(event_level_name((enum event_level)i), names[i]);
        event_init(&event, (enum event_level)i, "bind", "");
        json_line(&event, &origin);
        assert_member("level", names[i]);
    }
}

static void numbers_at_their_limits(void **state)
{
    static const struct event_origin extreme = {INT64_MIN, 4000000000u, -2147483647 - 1, "", 0};
    struct event event;

    (void)state;
    event_init(&event, EVENT_INFO, "x", "");
    event_number(&event, "least", INT64_MIN);
    event_number(&event, "most", INT64_MAX);
    json_line(&event, &extreme);
    assert_member("least", "-9223372036854775808");
    assert_member("most", "9223372036854775807");
    assert_member("pid", "-2147483648");
    text_line(&event, &extreme);
    assert_non_null(strstr(line, "least=-9223372036854775808 most=9223372036854775807\n"));
}

static void a_field_too_many_is_dropped(void **state)
{
    struct event event;

    (void)state;
    event_init(&event, EVENT_INFO, "x", "");
    for (int i = 0; i < EVENT_FIELDS + 3; i++)
        i % 2 == 0 ? event_text(&event, "text", "x") : event_number(&event, "number", i);
    event_text(&event, "late", "x");
    event_number(&event, "late", 1);
    assert_int_equal(event.count, EVENT_FIELDS);
    json_line(&event, &origin);
    assert_null(json_get(&object, "late"));
}

/* The value as message, program and field of both spellings; in JSON it must come back whole. */
static void assert_carried(const char *value, const char *expected)
{
    const struct event_origin from = {0, 0, 1, value, 0};
    struct event event;

    event_init(&event, EVENT_ERROR, "x", value);
    event_text(&event, "value", value);
    event_number(&event, "after", 1);
    text_line(&event, &from);
    json_line(&event, &from);
    assert_member("value", expected);
    assert_member("message", expected);
    assert_member("program", expected);
    assert_member("after", "1");
}

static void ordinary_text_is_carried_unchanged(void **state)
{
    struct event event;

    (void)state;
    assert_carried("", "");
    assert_carried("tcp://[::1]:5555 '#%&<>/'", "tcp://[::1]:5555 '#%&<>/'");
    assert_carried("Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x90\x8d \xe6\xbc\xa2",
                   "Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x90\x8d \xe6\xbc\xa2");
    event_init(&event, EVENT_INFO, "x", "\xc3\xbc\xf0\x9f\x90\x8d");
    text_line(&event, &origin);
    assert_non_null(strstr(line, "x: \xc3\xbc\xf0\x9f\x90\x8d\n"));
}

static void every_character_below_256_is_carried(void **state)
{
    char text[3] = {0};

    (void)state;
    for (int c = 1; c < 0x80; c++) {
        text[0] = (char)c;
        assert_carried(text, text);
    }
    for (int c = 0x80; c < 0x100; c++) {
        text[0] = (char)(0xc0 | c >> 6);
        text[1] = (char)(0x80 | (c & 63));
        assert_carried(text, text);
    }
}

static void what_could_forge_is_escaped(void **state)
{
    static const char *const dangerous[] = {
        "\n",
        "\r",
        "\x1b",
        "\x7f",
        "\b",
        "\"",
        "\\",
        "\xc2\x85",
        "\xc2\x9b",
        "\xd8\x9c",         /* U+061C, Arabic letter mark */
        "\xe2\x80\x8b",     /* U+200B, zero width space */
        "\xe2\x80\x8e",     /* U+200E, left-to-right mark */
        "\xe2\x80\x8f",     /* U+200F */
        "\xe2\x80\xa8",     /* U+2028, line separator */
        "\xe2\x80\xa9",     /* U+2029 */
        "\xe2\x80\xaa",     /* U+202A, left-to-right embedding */
        "\xe2\x80\xae",     /* U+202E, right-to-left override */
        "\xe2\x81\xa0",     /* U+2060 */
        "\xe2\x81\xa6",     /* U+2066, left-to-right isolate */
        "\xe2\x81\xa9",     /* U+2069 */
        "\xef\xbb\xbf",     /* U+FEFF */
        "\xf3\xa0\x80\xa0", /* U+E0020, tag space */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(dangerous); i++) {
        char value[32], raw[32];
        struct event event;

        snprintf(value, sizeof value, "a%sb", dangerous[i]);
        snprintf(raw, sizeof raw, "a%sb", dangerous[i]);
        assert_carried(value, value);
        event_init(&event, EVENT_INFO, "x", value);
        json_line(&event, &origin);
        if (strstr(line, raw) != NULL)
            fail_msg("not escaped in JSON: %s", line);
        text_line(&event, &origin);
        if (strstr(line, raw) != NULL)
            fail_msg("not escaped in text: %s", line);
    }
}

static void bytes_that_are_not_utf8(void **state)
{
    static const struct {
        const char *bytes;
        const char *json;
        const char *text;
    } cases[] = {
        {"\x80", "\xef\xbf\xbd", "\\x80"},
        {"\xff", "\xef\xbf\xbd", "\\xff"},
        {"\xc3", "\xef\xbf\xbd", "\\xc3"},
        {"\xc3(", "\xef\xbf\xbd(", "\\xc3("},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd", "\\xc0\\x80"},
        {"\xc0\x8a", "\xef\xbf\xbd\xef\xbf\xbd", "\\xc0\\x8a"},
        {"\xe0\x80\x8a", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xe0\\x80\\x8a"},
        {"\xf0\x80\x80\x8a", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\\xf0\\x80\\x80\\x8a"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xed\\xa0\\x80"},
        {"\xed\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xed\\xbf\\xbf"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\\xf4\\x90\\x80\\x80"},
        {"\xf8\x88\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\\xf8\\x88\\x80\\x80\\x80"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd", "\\xe2\\x82"},
        {"\xf0\x9f\x90", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xf0\\x9f\\x90"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event event;

        assert_carried(cases[i].bytes, cases[i].json);
        event_init(&event, EVENT_INFO, "x", "");
        event_text(&event, "v", cases[i].bytes);
        text_line(&event, &origin);
        if (strstr(line, cases[i].text) == NULL)
            fail_msg("%s is not in %s", cases[i].text, line);
    }
}

static void no_line_and_no_field_can_be_forged(void **state)
{
    static const char attack[] = "x\",\"result\":\"allow\",\"y\":\"\n{\"time\":1}\r\n"
                                 "2001-09-09T01:46:40.005Z agent[1] info auth: result=\"allow\"\\";
    struct event event;
    size_t quotes = 0;

    (void)state;
    event_init(&event, EVENT_ERROR, "auth", "refused");
    event_text(&event, "name", attack);
    event_text(&event, "result", "deny");
    json_line(&event, &origin);
    assert_member("name", attack);
    assert_member("result", "deny");
    text_line(&event, &origin);
    assert_null(strstr(line, " result=\"allow\""));
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\\')
            at++;
        else
            quotes += *at == '"';
    assert_int_equal(quotes, 4);
}

static void what_was_lost_is_told(void **state)
{
    const struct event_origin from = {0, 0, 1, "agent", 12};
    struct event event;

    (void)state;
    event_init(&event, EVENT_INFO, "bind", "secured");
    event_text(&event, "endpoint", "tcp://*:1");
    json_line(&event, &from);
    assert_member("dropped", "12");
    text_line(&event, &from);
    assert_string_equal(line, "1970-01-01T00:00:00.000Z agent[1] info bind: secured "
                              "endpoint=\"tcp://*:1\" dropped=12\n");
    text_line(&event, &origin);
    assert_null(strstr(line, "dropped"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_spellings),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(numbers_at_their_limits),
        cmocka_unit_test(a_field_too_many_is_dropped),
        cmocka_unit_test(ordinary_text_is_carried_unchanged),
        cmocka_unit_test(every_character_below_256_is_carried),
        cmocka_unit_test(what_could_forge_is_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8),
        cmocka_unit_test(no_line_and_no_field_can_be_forged),
        cmocka_unit_test(what_was_lost_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
