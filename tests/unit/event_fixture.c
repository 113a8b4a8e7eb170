#include "tests/unit/event_fixture.h"

#include <string.h>

const struct event_origin origin = {1000000000, 5, 4711, "agent", 0};
struct json_object object;
char line[EVENT_LINE_MAX + 1];

/* What holds for every line, whatever is in it. */
static void assert_line(size_t length)
{
    assert_in_range(length, 1, EVENT_LINE_MAX);
    assert_int_equal(strlen(line), length);
    assert_int_equal(line[length - 1], '\n');
    for (size_t i = 0; i < length - 1; i++)
        assert_false((unsigned char)line[i] < 0x20 || line[i] == 0x7f);
}

void text_line(const struct event *event, const struct event_origin *from)
{
    memset(line, '!', sizeof line);
    assert_line(event_format_text(line, event, from));
}

void json_line(const struct event *event, const struct event_origin *from)
{
    const char *wrong;
    size_t length;

    memset(line, '!', sizeof line);
    length = event_format_json(line, event, from);
    assert_line(length);
    wrong = json_read(&object, line, length - 1);
    if (wrong != NULL)
        fail_msg("%s: %s", wrong, line);
    assert_int_equal(object.count, 6 + event->count + (from->dropped > 0));
}

void assert_member(const char *name, const char *expected)
{
    const char *text = json_get(&object, name);

    assert_non_null(text);
    assert_string_equal(text, expected);
}
