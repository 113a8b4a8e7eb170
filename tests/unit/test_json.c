#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/json.h"

static struct json_object object;

/* From the heap, without a NUL, so that a sanitizer sees each byte that is read too much. */
static const char *read_bytes(const char *text, size_t length)
{
    char *exact = malloc(length > 0 ? length : 1);
    const char *wrong;

    assert_non_null(exact);
    memcpy(exact, text, length);
    wrong = json_read(&object, exact, length);
    free(exact);
    return wrong;
}

static void assert_read(const char *text)
{
    const char *wrong = read_bytes(text, strlen(text));

    if (wrong != NULL)
        fail_msg("%s: %s", wrong, text);
}

static void assert_wrong(const char *text)
{
    if (read_bytes(text, strlen(text)) == NULL)
        fail_msg("taken: %s", text);
}

static void members_of_each_kind(void **state)
{
    (void)state;
    assert_read("{\"a\":\"x\",\"n\":-12,\"f\":1.5e+3,\"t\":true,\"z\":null,\"o\":{\"a\":[1,{}]},"
                "\"l\":[],\"e\":\"\"}");
    assert_int_equal(object.count, 8);
    assert_string_equal(json_get(&object, "a"), "x");
    assert_string_equal(json_get(&object, "n"), "-12");
    assert_string_equal(json_get(&object, "f"), "1.5e+3");
    assert_string_equal(json_get(&object, "o"), "");
    assert_int_equal(object.members[0].kind, JSON_TEXT);
    assert_int_equal(object.members[1].kind, JSON_NUMBER);
    assert_int_equal(object.members[5].kind, JSON_OTHER);
    assert_null(json_get(&object, "absent"));
    assert_read("{}");
    assert_int_equal(object.count, 0);
    assert_read(" { \"a\" : [ 1 , { \"b\" : 2 } , \"c\" ] ,\t\"d\" : \"e\" }\r\n");
    assert_string_equal(json_get(&object, "d"), "e");
}

static void a_name_that_is_there_twice_is_not_there(void **state)
{
    (void)state;
    assert_read("{\"a\":\"x\",\"\\u0061\":\"y\"}");
    assert_null(json_get(&object, "a"));
}

static void escapes(void **state)
{
    (void)state;
    assert_read("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}");
    assert_string_equal(json_get(&object, "a"), "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80");
}

static void what_is_not_json(void **state)
{
    static const char *const lines[] = {
        "",
        "{",
        "[]",
        "\"a\"",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}{",
        "{\"a\":1}x",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":truex}",
        "{\"a\":\"x}",
        "{\"a\":\"x\ny\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xe2\x82\"}",
        "{\"a\":[}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1}]}",
        "{\"a\":{1:2}}",
        "{\"a\":{\"b\"}}",
        "{\"a\":[[1] [2]]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_wrong(lines[i]);
    assert_non_null(read_bytes("{\"a\":1\0}", 8));
}

static void limits(void **state)
{
    static char text[JSON_LENGTH_MAX + 100];
    size_t length = 0;

    (void)state;
    text[length++] = '{';
    for (int i = 0; i < JSON_MEMBERS; i++)
        length += (size_t)sprintf(text + length, "\"%d\":%d,", i, i);
    text[length - 1] = '}';
    assert_read(text);
    assert_string_equal(json_get(&object, "63"), "63");
    strcpy(text + length - 1, ",\"more\":1}");
    assert_wrong(text);

    for (int depth = JSON_DEPTH; depth <= JSON_DEPTH + 1; depth++) {
        length = (size_t)sprintf(text, "{\"a\":");
        memset(text + length, '[', (size_t)depth);
        memset(text + length + depth, ']', (size_t)depth);
        strcpy(text + length + 2 * depth, "}");
        assert_int_equal(read_bytes(text, strlen(text)) == NULL, depth == JSON_DEPTH);
    }

    /* What fills the room to its last byte. */
    memset(text, 'x', sizeof text);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + JSON_LENGTH_MAX - 2, "\"}", 2);
    assert_null(read_bytes(text, JSON_LENGTH_MAX));
    assert_int_equal(strlen(json_get(&object, "a")), JSON_LENGTH_MAX - 8);
    assert_non_null(read_bytes(text, JSON_LENGTH_MAX + 1));
}

/* Lines with bytes changed, taken out and doubled: nothing but an answer may come of them. */
static void lines_gone_wrong(void **state)
{
    static const char line[] =
        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"pid\":7,\"endpoint\":\"tcp://\\u00e9:\\\"5\\\"\","
        "\"x\":[1,{\"y\":[true,null]},-2.5e-3],\"message\":\"\\ud83d\\ude00 \xc3\xa9\"}";
    static const char bytes[] = "{}[]\",:\\u0d9-.e\xc3\xed\xf0tfn \n";
    unsigned taken = 0;

    (void)state;
    srand(20260101);
    for (int round = 0; round < 20000; round++) {
        char text[sizeof line + 16];
        size_t length = sizeof line - 1;

        memcpy(text, line, length);
        for (int changes = rand() % 4; changes >= 0; changes--) {
            size_t at = (size_t)rand() % length;

            switch (rand() % 3) {
            case 0:
                text[at] = bytes[(size_t)rand() % sizeof bytes];
                break;
            case 1:
                memmove(text + at, text + at + 1, --length - at);
                break;
            default:
                memmove(text + at + 1, text + at, length++ - at);
            }
        }
        if (read_bytes(text, length) != NULL)
            continue;
        taken++;
        for (size_t i = 0; i < object.count; i++)
            assert_in_range(strlen(object.members[i].name) + strlen(object.members[i].text), 0,
                            length);
    }
    assert_in_range(taken, 100, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_each_kind),
        cmocka_unit_test(a_name_that_is_there_twice_is_not_there),
        cmocka_unit_test(escapes),
        cmocka_unit_test(what_is_not_json),
        cmocka_unit_test(limits),
        cmocka_unit_test(lines_gone_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
