#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

#include "shim/glob.h"

static void assert_glob(const char *glob, const char *text, bool expected)
{
    if (glob_match(glob, text) != expected)
        fail_msg("glob '%s' %s '%s'", glob, expected ? "does not match" : "matches", text);
}

static void only_star_and_question_mark_are_special(void **state)
{
    (void)state;
    assert_glob("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555", true);
    assert_glob("tcp://127.0.0.1:5555", "tcp://127.0.0.1:55555", false);
    assert_glob("tcp://127.0.0.1:5555", "tcp://127.0.0.1:555", false);
    assert_glob("tcp://127.0.0.1:5555", "tcp://127x0y0z1:5555", false);
    assert_glob("TCP://*", "tcp://a:1", false);
    assert_glob("a\\*", "a*", false);
    assert_glob("a\\*", "a\\b", true);
    assert_glob("a\\?", "a?", false);
    assert_glob("{a,b}", "a", false);
    assert_glob("{a,b}", "{a,b}", true);
    assert_glob("a|b", "a", false);
    assert_glob("~", "~", true);
}

static void brackets_are_literal(void **state)
{
    (void)state;
    assert_glob("tcp://[::1]:5555", "tcp://[::1]:5555", true);
    assert_glob("tcp://[::1]:5555", "tcp://::5555", false);
    assert_glob("tcp://[::1]:5555", "tcp://1:5555", false);
    assert_glob("tcp://[::1]:*", "tcp://[::1]:5555", true);
    assert_glob("tcp://[*]:5555", "tcp://[fe80::1%eth0]:5555", true);
    assert_glob("tcp://[::?]:1", "tcp://[::1]:1", true);
    assert_glob("[a-z]", "b", false);
    assert_glob("[!a]", "b", false);
    assert_glob("[", "[", true);
    assert_glob("]", "]", true);
}

static void star_spans_everything(void **state)
{
    (void)state;
    assert_glob("*", "", true);
    assert_glob("*", "tcp://host:1/path/.hidden", true);
    assert_glob("**", "", true);
    assert_glob("***", "/", true);
    assert_glob("ipc://*", "ipc:///run/a/b/c", true);
    assert_glob("ipc://*", "ipc://.hidden", true);
    assert_glob("ipc://*", "ipc://", true);
    assert_glob("tcp://*:5555", "tcp://*:5555", true);
    assert_glob("tcp://*:5555", "tcp://[::1]:5555", true);
    assert_glob("tcp://*:5555", "tcp://a:5556", false);
    assert_glob("*:5555", "tcp://a:5555:5555", true);
    assert_glob("*5*5", "tcp://a:5555", true);
    assert_glob("a*b*c", "abbbbcbc", true);
    assert_glob("a*b*c", "abbbbcb", false);
    assert_glob("*a", "b", false);
    assert_glob("a*", "", false);
    assert_glob("a*", "a", true);
    assert_glob("*\n*", "a\nb", true);
}

static void question_mark_is_one_character(void **state)
{
    (void)state;
    assert_glob("?", "", false);
    assert_glob("?", "a", true);
    assert_glob("?", "/", true);
    assert_glob("?", ":", true);
    assert_glob("?", "ab", false);
    assert_glob("??", "ab", true);
    assert_glob("*?", "", false);
    assert_glob("*?", "a", true);
    assert_glob("?*", "abc", true);
    assert_glob("tcp://host:555?", "tcp://host:555", false);
    assert_glob("tcp://host:555?", "tcp://host:5559", true);
    assert_glob("?", "\xff", true);
}

static void the_empty_glob_matches_the_empty_text_only(void **state)
{
    (void)state;
    assert_glob("", "", true);
    assert_glob("", "a", false);
    assert_glob("a", "", false);
}

/* What a recursive matcher decides for short texts is what this one has to decide. */
static bool reference(const char *glob, const char *text)
{
    if (*glob == '\0')
        return *text == '\0';
    if (*glob == '*')
        return reference(glob + 1, text) || (*text != '\0' && reference(glob, text + 1));
    return *text != '\0' && (*glob == '?' || *glob == *text) && reference(glob + 1, text + 1);
}

static void spell(char *word, size_t length, unsigned number, const char *letters)
{
    for (size_t i = 0; i < length; i++, number /= (unsigned)strlen(letters))
        word[i] = letters[number % strlen(letters)];
    word[length] = '\0';
}

static void every_short_glob_agrees_with_the_definition(void **state)
{
    char glob[6], text[6];

    (void)state;
    for (unsigned g = 0; g < 4 * 4 * 4 * 4 * 4; g++)
        for (unsigned t = 0; t < 2 * 2 * 2 * 2 * 2; t++)
            for (size_t length = 0; length <= 5; length++) {
                spell(glob, 5, g, "ab*?");
                spell(text, length, t, "ab");
                assert_glob(glob, text, reference(glob, text));
            }
}

static void many_stars_do_not_blow_up(void **state)
{
    static char glob[2001], text[20001];
    struct timespec start, end;

    (void)state;
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(glob + i, "a*", 2);
    memset(text, 'a', sizeof text - 1);
    glob[1999] = 'b';
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    assert_false(glob_match(glob, text));
    glob[1999] = '*';
    assert_true(glob_match(glob, text));
    memcpy(glob, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", 33);
    assert_false(glob_match(glob, text));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(end.tv_sec - start.tv_sec < 5);
}

static void assert_list(const char *text, size_t count, const char *const *globs)
{
    struct glob_list list;
    const char *at;

    assert_int_equal(glob_list_parse(&list, text), 0);
    assert_int_equal(list.count, count);
    at = list.text;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
        assert_string_equal(at, globs[i]);
    glob_list_free(&list);
}

static void lists_are_separated_by_blanks_and_commas(void **state)
{
    (void)state;
    assert_list("", 0, NULL);
    assert_list(" ,\t\r\n, ", 0, NULL);
    assert_list("a", 1, (const char *const[]){"a"});
    assert_list(",a,", 1, (const char *const[]){"a"});
    assert_list("a b", 2, (const char *const[]){"a", "b"});
    assert_list("tcp://*:1,ipc://*\n\ttcp://[::1]:*", 3,
                (const char *const[]){"tcp://*:1", "ipc://*", "tcp://[::1]:*"});
    assert_list("a;b", 1, (const char *const[]){"a;b"});
}

static void lists_match_any_of_their_globs(void **state)
{
    struct glob_list list;

    (void)state;
    assert_int_equal(glob_list_parse(&list, "tcp://*:1 ipc://*, inproc://x"), 0);
    assert_true(glob_list_match(&list, "tcp://a:1"));
    assert_true(glob_list_match(&list, "ipc://a"));
    assert_true(glob_list_match(&list, "inproc://x"));
    assert_false(glob_list_match(&list, "inproc://y"));
    assert_false(glob_list_match(&list, ""));
    glob_list_free(&list);
    assert_int_equal(list.count, 0);
    assert_null(list.text);
    assert_false(glob_list_match(&list, "ipc://a"));
    glob_list_free(&list);
}

static void an_empty_list_matches_nothing(void **state)
{
    struct glob_list list, zero = {0, NULL};

    (void)state;
    assert_int_equal(glob_list_parse(&list, ""), 0);
    assert_false(glob_list_match(&list, ""));
    assert_false(glob_list_match(&list, "tcp://a:1"));
    assert_false(glob_list_match(&zero, "tcp://a:1"));
    glob_list_free(&list);
    glob_list_free(&zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_star_and_question_mark_are_special),
        cmocka_unit_test(brackets_are_literal),
        cmocka_unit_test(star_spans_everything),
        cmocka_unit_test(question_mark_is_one_character),
        cmocka_unit_test(the_empty_glob_matches_the_empty_text_only),
        cmocka_unit_test(every_short_glob_agrees_with_the_definition),
        cmocka_unit_test(many_stars_do_not_blow_up),
        cmocka_unit_test(lists_are_separated_by_blanks_and_commas),
        cmocka_unit_test(lists_match_any_of_their_globs),
        cmocka_unit_test(an_empty_list_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
