#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/fingerprint.h"
#include "certs/sha256.h"

static void assert_digest(const char *text, const char *expected)
{
    uint8_t digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];

    sha256_short(digest, text, strlen(text));
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, expected);
}

/* The first two are NIST's examples. */
static void known_answers(void **state)
{
    (void)state;
    assert_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
}

static void as_ssh_shows_keys(void **state)
{
    static const uint8_t key[KEY_BYTES] = {0xbb, 0x88, 0x47, 0x1d, 0x65, 0xe2, 0x65, 0x9b,
                                           0x30, 0xc5, 0x5a, 0x53, 0x21, 0xce, 0xbb, 0x5a,
                                           0xab, 0x2b, 0x70, 0xa3, 0x98, 0x64, 0x5c, 0x26,
                                           0xdc, 0xa2, 0xb2, 0xfc, 0xb4, 0x3f, 0xc5, 0x18};
    char text[FINGERPRINT_SIZE];

    (void)state;
    fingerprint_format(text, key);
    assert_string_equal(text, "SHA256:67OvTdmc7/Nun5C12z5FDkr9NWhEMfqfDsnuWvXD6MM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(as_ssh_shows_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
