#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/certificate.h"

#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
#define ZERO "0000000000000000000000000000000000000000"

static struct certificate certificate;
static struct cert_error error;

static int parse(const char *text)
{
    return certificate_parse(&certificate, text, strlen(text), "f", &error);
}

static void refused(const char *text, const char *why)
{
    assert_int_equal(parse(text), -1);
    assert_int_equal(error.code, 22);
    assert_string_equal(error.text, why);
}

static void as_czmq_writes_it(void **state)
{
    char z85[KEY_Z85 + 1];

    (void)state;
    assert_int_equal(parse("#   ****  Generated on 2026-01-01 by CZMQ  ****\n\nmetadata\n"
                           "    name = \"alice # 1\"\n    expires = \"x\"\ncurve\n"
                           "    public-key = \"" PUBLIC "\"\n    secret-key = \"" SECRET "\"\n"),
                     0);
    assert_true(certificate.has_public && certificate.has_secret);
    z85_encode_key(z85, certificate.public_key);
    assert_string_equal(z85, PUBLIC);
    z85_encode_key(z85, certificate.secret_key);
    assert_string_equal(z85, SECRET);
    assert_string_equal(certificate_metadata(&certificate, "name"), "alice # 1");
    assert_null(certificate_metadata(&certificate, "endpoints"));
    assert_int_equal(certificate.metadata_count, 2);
    assert_int_equal(certificate.metadata[1].line, 5);
}

static void as_pyzmq_writes_it(void **state)
{
    (void)state;
    assert_int_equal(parse("metadata\n    name = al ice\ncurve\n    public-key = \"" PUBLIC "\"\n"),
                     0);
    assert_true(certificate.has_public && !certificate.has_secret);
    assert_string_equal(certificate_metadata(&certificate, "name"), "al ice");
}

static void sections_count(void **state)
{
    (void)state;
    assert_int_equal(parse("public-key = \"" PUBLIC "\"\n"), 0);
    assert_false(certificate.has_public);
    assert_int_equal(parse("metadata\n    public-key = \"" PUBLIC "\"\n"), 0);
    assert_false(certificate.has_public);
    assert_int_equal(parse("curve\n    name = \"x\"\n    a\n        public-key = \"" PUBLIC "\"\n"),
                     0);
    assert_false(certificate.has_public);
    assert_null(certificate_metadata(&certificate, "name"));
}

static void bad_keys(void **state)
{
    (void)state;
    refused("curve\n  public-key = \"" ZERO "\"\n",
            "f:2: public-key is all zero, which protects nothing: make a new certificate");
    refused("curve\n  secret-key = \"" ZERO "\"\n",
            "f:2: secret-key is all zero, which protects nothing: make a new certificate");
    refused(
        "curve\n  public-key = \"abc\"\n",
        "f:2: public-key is not a CURVE key: 40 Z85 characters in double quotes are expected, 3 "
        "were read");
    refused(
        "curve\n  public-key = \"####################~###################\"\n",
        "f:2: public-key is not a CURVE key: 40 Z85 characters in double quotes are expected, 40 "
        "were read");
    refused("curve\n  public-key = \"" PUBLIC "\"\n  public-key = \"" PUBLIC "\"\n",
            "f:3: a second public-key");
    refused("metadata\n  a = 1\n  a = 2\n", "f:3: metadata 'a' is given twice");
}

static void errors_hold_no_key(void **state)
{
    (void)state;
    assert_int_equal(parse("curve\n    secret-key = \"" SECRET "x\"\n"), -1);
    assert_null(strstr(error.text, "D:)Q"));
    assert_int_equal(parse("curve\n    secret-key = \"" SECRET "\n"), -1);
    assert_null(strstr(error.text, "D:)Q"));
}

static void a_second_parse_forgets_the_first(void **state)
{
    (void)state;
    assert_int_equal(parse("metadata\n  a = 1\ncurve\n  public-key = \"" PUBLIC "\"\n"), 0);
    assert_int_equal(parse(""), 0);
    assert_false(certificate.has_public);
    assert_null(certificate_metadata(&certificate, "a"));
}

static void metadata_limits(void **state)
{
    static char text[CERT_FILE_MAX];
    size_t used = (size_t)snprintf(text, sizeof text, "metadata\n");

    (void)state;
    for (int i = 0; i < CERT_METADATA_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  m%d = x\n", i);
    assert_int_equal(parse(text), 0);
    snprintf(text + used, sizeof text - used, "  one-more = x\n");
    refused(text, "f:66: more than 64 metadata entries");
    used = (size_t)snprintf(text, sizeof text, "metadata\n");
    for (int i = 0; i < 9; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  m%d = %02000d\n", i, 0);
    refused(text, "f:10: more than 16384 bytes of metadata");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_czmq_writes_it),  cmocka_unit_test(as_pyzmq_writes_it),
        cmocka_unit_test(sections_count),     cmocka_unit_test(bad_keys),
        cmocka_unit_test(errors_hold_no_key), cmocka_unit_test(a_second_parse_forgets_the_first),
        cmocka_unit_test(metadata_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
