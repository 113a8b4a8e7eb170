#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/known_servers.h"

static const char file[] = "/certs/known_servers";

static struct known_server found;
static struct cert_error error;

/* From memory without a byte behind it, so that a sanitizer sees reads past the end. */
static int find(const char *text, size_t length, const char *endpoint)
{
    char *copy = malloc(length > 0 ? length : 1);
    int result;

    assert_non_null(copy);
    memcpy(copy, text, length);
    memset(&found, 0, sizeof found);
    memset(&error, 0, sizeof error);
    result = known_servers_find(&found, copy, length, file, endpoint, &error);
    free(copy);
    return result;
}

static void assert_found(const char *text, const char *endpoint, const char *value, unsigned line)
{
    assert_int_equal(find(text, strlen(text), endpoint), 1);
    assert_string_equal(found.value, value);
    assert_int_equal(found.line, line);
}

static void assert_not_found(const char *text, const char *endpoint)
{
    assert_int_equal(find(text, strlen(text), endpoint), 0);
}

static void assert_malformed(const char *text, size_t length, unsigned line)
{
    char place[64];

    assert_int_equal(find(text, length, "tcp://a:1"), -1);
    assert_int_equal(error.code, EINVAL);
    snprintf(place, sizeof place, "%s:%u: ", file, line);
    if (strncmp(error.text, place, strlen(place)) != 0)
        fail_msg("'%s' does not start with '%s'", error.text, place);
    assert_null(strchr(error.text, '\n'));
}

static void one_line_per_server(void **state)
{
    (void)state;
    assert_found("tcp://a:1 a.key\n", "tcp://a:1", "a.key", 1);
    assert_found("tcp://a:1 a.key", "tcp://a:1", "a.key", 1);
    assert_found("  tcp://a:1\t \ta.key \t\n", "tcp://a:1", "a.key", 1);
    assert_found("tcp://a:1 a.key\r\ntcp://b:1 b.key\r\n", "tcp://b:1", "b.key", 2);
    assert_found("tcp://[::1]:* /etc/a.key", "tcp://[::1]:5555", "/etc/a.key", 1);
    assert_not_found("tcp://a:1 a.key\n", "tcp://a:2");
    assert_string_equal(found.value, "");
    assert_not_found("tcp://a:1 a.key\n", "");
}

static void keys_may_hold_any_z85_character(void **state)
{
    static const char key[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    static const char sharp[] = "#%@$&*()=!-+{}[]<>?/.:^0123456789abcdefg";
    char text[128];

    (void)state;
    snprintf(text, sizeof text, "tcp://a:1 %s\n", key);
    assert_found(text, "tcp://a:1", key, 1);
    snprintf(text, sizeof text, "tcp://a:1 %s\n", sharp);
    assert_found(text, "tcp://a:1", sharp, 1);
}

static void the_first_match_wins(void **state)
{
    static const char text[] = "# comment\n"
                               "tcp://a:1 first.key\n"
                               "\n"
                               "tcp://*:1 second.key\n"
                               "tcp://a:1 third.key\n"
                               "* last.key\n";

    (void)state;
    assert_found(text, "tcp://a:1", "first.key", 2);
    assert_found(text, "tcp://b:1", "second.key", 4);
    assert_found(text, "ipc://x", "last.key", 6);
    assert_found("* all.key\ntcp://a:1 a.key\n", "tcp://a:1", "all.key", 1);
}

static void blank_lines_and_comments_are_skipped(void **state)
{
    (void)state;
    assert_not_found("", "tcp://a:1");
    assert_not_found("\n\n\r\n \t \n", "tcp://a:1");
    assert_not_found("#\n# tcp://a:1 a.key\n#tcp://a:1 a.key b c d", "tcp://a:1");
    assert_not_found("  # one two three four\n", "tcp://a:1");
    assert_found("\n#x\n\ntcp://a:1 a.key", "tcp://a:1", "a.key", 4);
}

static void a_byte_order_mark_hides_no_line(void **state)
{
    (void)state;
    assert_found("\xef\xbb\xbf"
                 "tcp://a:1 a.key\n* b.key\n",
                 "tcp://a:1", "a.key", 1);
    assert_found("\xef\xbb\xbf# two words\ntcp://a:1 a.key\n", "tcp://a:1", "a.key", 2);
    assert_not_found("\xef\xbb\xbf", "tcp://a:1");
    assert_malformed("\xef\xbb", 2, 1);
}

static void any_malformed_line_fails(void **state)
{
    static const char *const bad[] = {
        "tcp://a:1",
        "tcp://a:1 ",
        "tcp://a:1 a.key b.key",
        "tcp://a:1\r",
        "tcp://a:1 a.key # comment",
        "a b c",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_malformed(bad[i], strlen(bad[i]), 1);
        snprintf(text, sizeof text, "tcp://a:1 a.key\n%s\n", bad[i]);
        assert_malformed(text, strlen(text), 2);
        snprintf(text, sizeof text, "%s\ntcp://a:1 a.key\n", bad[i]);
        assert_malformed(text, strlen(text), 1);
        snprintf(text, sizeof text, "tcp://a:1 a.key\n\n# x\n%s", bad[i]);
        assert_malformed(text, strlen(text), 4);
    }
}

static void nul_bytes_are_refused_anywhere(void **state)
{
    (void)state;
    assert_malformed("\0", 1, 1);
    assert_malformed("tcp://a:1 a.key\0", 16, 1);
    assert_malformed("tcp://a:1\0 a.key\n", 17, 1);
    assert_malformed("# \0\ntcp://a:1 a.key\n", 20, 1);
    assert_malformed("tcp://a:1 a.key\n\n\0\n", 19, 3);
}

static void words_up_to_1023_bytes(void **state)
{
    static char text[3 * KNOWN_SERVER_WORD], endpoint[KNOWN_SERVER_WORD];

    (void)state;
    memset(endpoint, 'e', KNOWN_SERVER_WORD - 1);
    snprintf(text, sizeof text, "%s %s", endpoint, endpoint);
    assert_int_equal(find(text, strlen(text), endpoint), 1);
    assert_string_equal(found.glob, endpoint);
    assert_string_equal(found.value, endpoint);
    snprintf(text, sizeof text, "%se v", endpoint);
    assert_malformed(text, strlen(text), 1);
    snprintf(text, sizeof text, "g %se\n* ok.key", endpoint);
    assert_malformed(text, strlen(text), 1);
    snprintf(text, sizeof text, "# %se%se\n* ok.key", endpoint, endpoint);
    assert_found(text, "tcp://a:1", "ok.key", 2);
}

static void other_bytes_are_part_of_words(void **state)
{
    (void)state;
    assert_found("ipc:///\xff\xfe x\x01\x7f.key\n", "ipc:///\xff\xfe", "x\x01\x7f.key", 1);
    assert_found("ipc:///\xc2\xa0z x.key\n", "ipc:///\xc2\xa0z", "x.key", 1);
    assert_found("a;b,c x.key\n", "a;b,c", "x.key", 1);
}

static void a_reader_gives_every_entry(void **state)
{
    static const char text[] = "a 1\n# x\nb 2\n\nbad\nc 3\n";
    struct known_servers reader;
    struct known_server entry;

    (void)state;
    known_servers_start(&reader, text, strlen(text), file);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 1);
    assert_string_equal(entry.glob, "a");
    assert_string_equal(entry.value, "1");
    assert_int_equal(entry.line, 1);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 1);
    assert_string_equal(entry.glob, "b");
    assert_int_equal(entry.line, 3);
    assert_int_equal(known_servers_next(&reader, &entry, &error), -1);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 1);
    assert_string_equal(entry.glob, "c");
    assert_int_equal(entry.line, 6);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 0);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 0);
    known_servers_start(&reader, NULL, 0, file);
    assert_int_equal(known_servers_next(&reader, &entry, &error), 0);
}

static void every_truncation_ends(void **state)
{
    static const char text[] = "# x\r\ntcp://*:1  a.key\n\nipc://* b.key\n";

    (void)state;
    for (size_t length = 0; length < sizeof text - 1; length++)
        assert_in_range(find(text, length, "tcp://a:1") + 1, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_per_server),
        cmocka_unit_test(keys_may_hold_any_z85_character),
        cmocka_unit_test(the_first_match_wins),
        cmocka_unit_test(blank_lines_and_comments_are_skipped),
        cmocka_unit_test(a_byte_order_mark_hides_no_line),
        cmocka_unit_test(any_malformed_line_fails),
        cmocka_unit_test(nul_bytes_are_refused_anywhere),
        cmocka_unit_test(words_up_to_1023_bytes),
        cmocka_unit_test(other_bytes_are_part_of_words),
        cmocka_unit_test(a_reader_gives_every_entry),
        cmocka_unit_test(every_truncation_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
