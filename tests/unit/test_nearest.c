#include "tests/unit/unit.h"

#include <string.h>

#include "shim/nearest.h"

static const char *const fruit[] = {"apple", "pear", "plum", "cherry"};

static void assert_nearest(const char *word, const char *expected)
{
    assert_string_equal(nearest(word, strlen(word), fruit, COUNT(fruit)), expected);
}

static void one_slip_of_each_kind(void **state)
{
    (void)state;
    assert_nearest("apple", "apple");
    assert_nearest("aple", "apple");
    assert_nearest("appple", "apple");
    assert_nearest("opple", "apple");
    assert_nearest("applee", "apple");
    assert_nearest("pple", "apple");
    assert_nearest("plun", "plum");
    assert_nearest("chery", "cherry");
    assert_nearest("hcerry", "cherry");
}

static void only_the_given_length_counts(void **state)
{
    (void)state;
    assert_string_equal(nearest("plum=apple", 4, fruit, COUNT(fruit)), "plum");
    assert_string_equal(nearest("", 0, fruit, COUNT(fruit)), "pear");
}

static void the_first_of_equals_wins(void **state)
{
    static const char *const equals[] = {"ab", "ac", "ad"};

    (void)state;
    assert_string_equal(nearest("ax", 2, equals, COUNT(equals)), "ab");
    assert_string_equal(nearest("ad", 2, equals, COUNT(equals)), "ad");
}

static void one_candidate_is_always_nearest(void **state)
{
    static const char *const one[] = {"x"};
    static const char *const empty[] = {""};

    (void)state;
    assert_string_equal(nearest("something else", 14, one, 1), "x");
    assert_string_equal(nearest("a", 1, empty, 1), "");
}

static void long_and_foreign_words(void **state)
{
    static char word[10001], candidate[200];
    const char *const candidates[] = {"short", candidate};

    (void)state;
    memset(word, 'a', sizeof word - 1);
    memset(candidate, 'a', sizeof candidate - 1);
    assert_ptr_equal(nearest(word, 60, candidates, 2), candidate);
    assert_ptr_equal(nearest(word, 64, candidates, 2), candidate);
    assert_ptr_equal(nearest(word, 65, candidates, 2), candidate);
    assert_ptr_equal(nearest(word, sizeof word - 1, candidates, 2), candidate);
    assert_ptr_equal(nearest("\xff\xfe\n", 3, candidates, 2), candidates[0]);
    assert_ptr_equal(nearest("sh\0rt", 5, candidates, 2), candidates[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_of_each_kind),
        cmocka_unit_test(only_the_given_length_counts),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(one_candidate_is_always_nearest),
        cmocka_unit_test(long_and_foreign_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
