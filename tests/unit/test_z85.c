#include "tests/unit/unit.h"

#include <string.h>

#include "certs/z85.h"

/* The keys of RFC 26's example. */
static const uint8_t bytes[KEY_BYTES] = {
    0xbb, 0x88, 0x47, 0x1d, 0x65, 0xe2, 0x65, 0x9b, 0x30, 0xc5, 0x5a, 0x53, 0x21, 0xce, 0xbb, 0x5a,
    0xab, 0x2b, 0x70, 0xa3, 0x98, 0x64, 0x5c, 0x26, 0xdc, 0xa2, 0xb2, 0xfc, 0xb4, 0x3f, 0xc5, 0x18};
static const char text[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

static void known_answer(void **state)
{
    char encoded[KEY_Z85 + 1];
    uint8_t decoded[KEY_BYTES];

    (void)state;
    z85_encode_key(encoded, bytes);
    assert_string_equal(encoded, text);
    assert_true(z85_decode_key(decoded, text, KEY_Z85));
    assert_memory_equal(decoded, bytes, KEY_BYTES);
}

static void extremes(void **state)
{
    char encoded[KEY_Z85 + 1];
    uint8_t key[KEY_BYTES], decoded[KEY_BYTES];

    (void)state;
    for (int value = 0; value <= 255; value += 255) {
        memset(key, value, sizeof key);
        z85_encode_key(encoded, key);
        assert_true(z85_decode_key(decoded, encoded, KEY_Z85));
        assert_memory_equal(decoded, key, KEY_BYTES);
    }
    assert_memory_equal(encoded, "%nSc0%nSc0", 10);
}

static void not_a_key(void **state)
{
    char wrong[KEY_Z85 + 2];
    uint8_t key[KEY_BYTES] = {42};

    (void)state;
    assert_false(z85_decode_key(key, text, KEY_Z85 - 1));
    memcpy(wrong, text, sizeof text);
    wrong[KEY_Z85] = 'a';
    assert_false(z85_decode_key(key, wrong, KEY_Z85 + 1));
    for (const char *c = " ~\"'\\,;|_`\x7f\xff"; *c != '\0'; c++) {
        memcpy(wrong, text, sizeof text);
        wrong[17] = *c;
        assert_false(z85_decode_key(key, wrong, KEY_Z85));
    }
    wrong[17] = '\0';
    assert_false(z85_decode_key(key, wrong, KEY_Z85));
    memcpy(wrong, text, sizeof text);
    memcpy(wrong, "%nSc1", 5); /* 2^32 */
    assert_false(z85_decode_key(key, wrong, KEY_Z85));
    assert_int_equal(key[0], 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answer),
        cmocka_unit_test(extremes),
        cmocka_unit_test(not_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
