#include "tests/unit/event_fixture.h"

#include <stdlib.h>
#include <string.h>

/* The longest line that there can be: every field and the message filled with what value repeats.
 */
static void assert_cut(const char *value)
{
    static const char *const names[EVENT_FIELDS] = {
        "a_name_of_thirty_characters__0", "a_name_of_thirty_characters__1",
        "a_name_of_thirty_characters__2", "a_name_of_thirty_characters__3",
        "a_name_of_thirty_characters__4", "a_name_of_thirty_characters__5",
        "a_name_of_thirty_characters__6", "a_name_of_thirty_characters__7",
        "a_name_of_thirty_characters__8", "a_name_of_thirty_characters__9",
        "a_name_of_thirty_characters_10", "a_name_of_thirty_characters_11",
        "a_name_of_thirty_characters_12", "a_name_of_thirty_characters_13",
    };
    static char longest[20001];
    const struct event_origin from = {INT64_MIN, 999, -2147483647 - 1, longest, INT64_MAX};
    struct event event;

    longest[0] = '\0';
    for (size_t at = 0, n = strlen(value); at + n < sizeof longest; at += n)
        memcpy(longest + at, value, n + 1);
    event_init(&event, EVENT_WARNING, "authenticator", longest);
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        event_text(&event, names[i], longest);
    json_line(&event, &from);
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        assert_non_null(strstr(json_get(&object, names[i]), "\xe2\x80\xa6"));
    assert_non_null(strstr(json_get(&object, "message"), "\xe2\x80\xa6"));
    text_line(&event, &from);
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        assert_non_null(strstr(line, names[i]));
    assert_non_null(strstr(line, "\xe2\x80\xa6\" dropped=9223372036854775807\n"));
}

static void the_longest_lines_stay_whole(void **state)
{
    static const char *const values[] = {
        "x",
        "\xc3\xbc",
        "\xe2\x82\xac",
        "\xf0\x9f\x90\x8d",
        "\n",
        "\"",
        "\\",
        "\xff",
        "\xe2\x82",
        "\xf4\x8f\xbf\xbf",
        "x\n",
        "xx\n",
        "x\"",
        "\"\n\xff\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x8d",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        assert_cut(values[i]);
}

static void lengths_around_every_cut(void **state)
{
    static const char *const ends[] = {"", "x", "\n", "\xc3\xbc", "\xf0\x9f\x90\x8d", "\xff"};
    char value[1400];

    (void)state;
    for (size_t length = 0; length < 1330; length++)
        for (size_t i = 0; i < COUNT(ends); i++) {
            struct event event;

            memset(value, 'v', length);
            strcpy(value + length, ends[i]);
            event_init(&event, EVENT_INFO, "x", value);
            event_text(&event, "v", value);
            json_line(&event, &origin);
            text_line(&event, &origin);
            if (length < 200 && strcmp(ends[i], "\xff") != 0)
                assert_member("v", value);
            if (length < 1260 && strcmp(ends[i], "\xff") != 0)
                assert_member("message", value);
        }
}

static void random_bytes_never_break_a_line(void **state)
{
    char values[EVENT_FIELDS + 2][400];
    unsigned seed = 20;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct event_origin from = origin;
        struct event event;

        for (size_t i = 0; i < COUNT(values); i++) {
            size_t length = (size_t)rand_r(&seed) % sizeof values[i];

            for (size_t at = 0; at < length; at++)
                values[i][at] = (char)(rand_r(&seed) % 255 + 1);
            values[i][length] = '\0';
        }
        from.program = values[EVENT_FIELDS];
        event_init(&event, EVENT_DEBUG, "x", values[EVENT_FIELDS + 1]);
        for (size_t i = 0; i < EVENT_FIELDS; i++)
            event_text(&event, "v", values[i]);
        json_line(&event, &from);
        text_line(&event, &from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_lines_stay_whole),
        cmocka_unit_test(lengths_around_every_cut),
        cmocka_unit_test(random_bytes_never_break_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
