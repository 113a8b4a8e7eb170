#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/metadata.h"
#include "certs/printable.h"
#include "certs/rights.h"

static struct cert_error error;

static bool accepts(const char *name, const char *value)
{
    struct metadata metadata = {0};

    error.text[0] = '\0';
    if (metadata_set(&metadata, name, value, &error) == 0)
        return true;
    assert_string_not_equal(error.text, "");
    return false;
}

static void names(void **state)
{
    (void)state;
    assert_true(accepts("name", "x"));
    assert_true(accepts("email", "a@b"));
    assert_true(accepts("not-before", "2026-01-01T00:00:00Z"));
    assert_false(accepts("", "x"));
    assert_false(accepts("a b", "x"));
    assert_false(accepts("1a", "x"));
    assert_false(accepts("a=b", "x"));
    assert_false(accepts("a/b", "x"));
    assert_false(accepts("public-key", "x"));
    assert_false(accepts("secret-key2", "x"));
}

static void misspelt_restrictions_are_refused(void **state)
{
    (void)state;
    assert_false(accepts("address", "10.0.0.1"));
    assert_non_null(strstr(error.text, "'addresses'"));
    assert_false(accepts("Endpoints", "tcp://*"));
    assert_false(accepts("expiry", "2026-01-01T00:00:00Z"));
    assert_false(accepts("NOT_BEFORE", "2026-01-01T00:00:00Z"));
    assert_null(metadata_misnamed("addresses"));
}

static void values_that_a_certificate_cannot_hold(void **state)
{
    char value[902];

    (void)state;
    memset(value, 'x', sizeof value);
    value[900] = '\0';
    assert_true(accepts("note", value));
    value[900] = 'x';
    value[901] = '\0';
    assert_false(accepts("note", value));
    assert_true(accepts("note", "it's"));
    assert_true(accepts("note", "\"x\""));
    assert_false(accepts("note", "it's \"x\""));
    assert_false(accepts("note", "a\nb"));
    assert_false(accepts("note", "a\tb"));
    assert_false(accepts("note", "a\x1b[0m"));
    assert_false(accepts("note", "\x7f"));
    assert_false(accepts("note", "\xff"));
    assert_false(accepts("note", "\xc2\x9b"
                                 "0m"));
}

static void values_that_the_shim_reads(void **state)
{
    (void)state;
    assert_true(accepts("addresses", "192.0.2.0/24 2001:db8::/32 198.51.100.7"));
    assert_false(accepts("addresses", "192.0.2.0/33"));
    assert_non_null(strstr(error.text, "192.0.2.0/33"));
    assert_false(accepts("addresses", "localhost"));
    assert_false(accepts("addresses", ""));
    assert_false(accepts("addresses", "  "));
    assert_true(accepts("endpoints", "tcp://*:5555 ipc:///run/*"));
    assert_true(accepts("endpoints", "*:5555"));
    assert_false(accepts("endpoints", "127.0.0.1:5555"));
    assert_false(accepts("endpoints", ""));
    assert_true(accepts("expires", "2030-01-01T00:00:00+02:00"));
    assert_false(accepts("expires", "2030-01-01"));
    assert_false(accepts("expires", "2030-02-30T00:00:00Z"));
    assert_false(accepts("expires", "never"));
}

static void a_later_value_replaces_an_earlier_one(void **state)
{
    struct metadata metadata = {0};
    char argument[] = "note=b=c", bare[] = "note";

    (void)state;
    assert_int_equal(metadata_set(&metadata, "note", "a", &error), 0);
    assert_int_equal(metadata_set_argument(&metadata, argument, &error), 0);
    assert_int_equal(metadata.count, 1);
    assert_string_equal(metadata_get(&metadata, "note"), "b=c");
    assert_null(metadata_get(&metadata, "name"));
    assert_int_equal(metadata_set_argument(&metadata, bare, &error), -1);
}

static void never_valid(void **state)
{
    struct metadata metadata = {0};

    (void)state;
    assert_int_equal(metadata_check_validity(&metadata, 0, &error), 0);
    assert_int_equal(metadata_set(&metadata, "expires", "1970-01-01T00:01:00Z", &error), 0);
    assert_int_equal(metadata_check_validity(&metadata, 59, &error), 0);
    assert_int_equal(metadata_check_validity(&metadata, 60, &error), -1);
    assert_int_equal(metadata_set(&metadata, "not-before", "1970-01-01T00:00:59Z", &error), 0);
    assert_int_equal(metadata_check_validity(&metadata, 0, &error), 0);
    assert_int_equal(metadata_set(&metadata, "not-before", "1970-01-01T00:01:00Z", &error), 0);
    assert_int_equal(metadata_check_validity(&metadata, 0, &error), -1);
}

static void rights_in_time(void **state)
{
    static struct certificate certificate;
    static const char text[] = "metadata\n  expires = \"1970-01-01T00:01:00Z\"\n"
                               "  not-before = \"1970-01-01T00:00:30Z\"\n";
    static const char bad[] = "metadata\n  expires = \"tomorrow\"\n";
    char words[128];

    (void)state;
    assert_int_equal(certificate_parse(&certificate, text, strlen(text), "f", &error), 0);
    assert_int_equal(rights_now(&certificate, 29), RIGHTS_NOT_YET);
    assert_int_equal(rights_now(&certificate, 30), RIGHTS_VALID);
    assert_int_equal(rights_now(&certificate, 59), RIGHTS_VALID);
    assert_int_equal(rights_now(&certificate, 60), RIGHTS_EXPIRED);
    rights_validity(words, sizeof words, &certificate, 60);
    assert_string_equal(words, "expired since 1970-01-01T00:01:00Z");
    assert_int_equal(certificate_parse(&certificate, bad, strlen(bad), "f", &error), 0);
    assert_int_equal(rights_now(&certificate, 0), RIGHTS_UNREADABLE);
}

static void printing(void **state)
{
    char out[64], small[6];

    (void)state;
    printable_copy(out, sizeof out, "a\x1b[1m\n\xc3\xbc\xff\xc2\x9b\xed\xa0\x80\xf0\x9f\x94\x91");
    assert_string_equal(out,
                        "a\\x1b[1m\\x0a\xc3\xbc\\xff\\xc2\\x9b\\xed\\xa0\\x80\xf0\x9f\x94\x91");
    printable_copy(small, sizeof small, "abc\xc3\xbcz");
    assert_string_equal(small, "abc\xc3\xbc");
    assert_true(printable(""));
    assert_false(printable("\xc0\x80"));
    assert_false(printable("\xc3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(misspelt_restrictions_are_refused),
        cmocka_unit_test(values_that_a_certificate_cannot_hold),
        cmocka_unit_test(values_that_the_shim_reads),
        cmocka_unit_test(a_later_value_replaces_an_earlier_one),
        cmocka_unit_test(never_valid),
        cmocka_unit_test(rights_in_time),
        cmocka_unit_test(printing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
