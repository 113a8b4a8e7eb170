#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/format.h"

static char text[CERT_FILE_MAX];
static struct certificate certificate;
static struct cert_error error;
static const uint8_t public_key[KEY_BYTES] = {1, 2, 3};
static const uint8_t secret_key[KEY_BYTES] = {4, 5, 6};

static void set(struct metadata *metadata, const char *name, const char *value)
{
    assert_int_equal(metadata_set(metadata, name, value, &error), 0);
}

static void what_is_written_is_read_back(void **state)
{
    static const char *const values[] = {
        "plain", "with # hash", "it's", "say \"x\" # y", "  blanks  ", "", "=", "z\xc3\xbcrich"};
    struct metadata metadata = {0};
    char names[8][8];
    long length;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(names[i], sizeof names[i], "m%u", i);
        set(&metadata, names[i], values[i]);
    }
    length = certificate_format(text, &metadata, public_key, secret_key, "today", &error);
    assert_true(length > 0);
    assert_int_equal(certificate_parse(&certificate, text, (size_t)length, "f", &error), 0);
    assert_int_equal(certificate.metadata_count, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_string_equal(certificate_metadata(&certificate, names[i]), values[i]);
    assert_memory_equal(certificate.public_key, public_key, KEY_BYTES);
    assert_memory_equal(certificate.secret_key, secret_key, KEY_BYTES);
}

static void a_public_one_has_no_secret(void **state)
{
    struct metadata metadata = {0};
    long length = certificate_format(text, &metadata, public_key, NULL, "today", &error);

    (void)state;
    assert_int_equal(certificate_parse(&certificate, text, (size_t)length, "f", &error), 0);
    assert_true(certificate.has_public && !certificate.has_secret);
    assert_null(strstr(text, "secret-key"));
}

static void what_a_reader_refuses_is_not_written(void **state)
{
    static char value[901], names[20][8];
    struct metadata metadata = {0};

    (void)state;
    memset(value, 'x', 900);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "m%u", i);
        set(&metadata, names[i], value);
    }
    assert_int_equal(certificate_format(text, &metadata, public_key, NULL, "today", &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_public_one_has_no_secret),
        cmocka_unit_test(what_a_reader_refuses_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
