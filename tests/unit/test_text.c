#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shim/text.h"

static void pieces_follow_one_another(void **state)
{
    char text[32], *at = text;
    const char *end = text + sizeof text;

    (void)state;
    at = text_put(at, end, "tcp://");
    at = text_put_some(at, end, "host and more", 4);
    at = text_put(at, end, ":");
    at = text_put_number(at, end, 5555);
    assert_string_equal(text, "tcp://host:5555");
    assert_ptr_equal(at, text + strlen(text));
    text_copy(text, "");
    assert_string_equal(text, "");
}

static void what_does_not_fit_is_cut(void **state)
{
    char text[8], *at = text;
    const char *end = text + 5;

    (void)state;
    memset(text, 'x', sizeof text);
    at = text_put(at, end, "123456");
    assert_string_equal(text, "1234");
    assert_ptr_equal(at, text + 4);
    assert_ptr_equal(text_put(at, end, "5"), at);
    assert_ptr_equal(text_put_number(at, end, 5), at);
    assert_ptr_equal(text_put_ip4(at, end, "\1\2\3\4"), at);
    assert_string_equal(text, "1234");
    assert_memory_equal(text + 5, "xxx", 3);
    (void)text_put_number(text, end, 123456);
    assert_string_equal(text, "1234");
}

static void numbers_are_as_printf_writes_them(void **state)
{
    static const uint64_t numbers[] = {0, 1, 9, 10, 255, 65535, 4294967295, UINT64_MAX};
    char text[32], expected[32];

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        snprintf(expected, sizeof expected, "%" PRIu64, numbers[i]);
        (void)text_put_number(text, text + sizeof text, numbers[i]);
        assert_string_equal(text, expected);
        snprintf(expected, sizeof expected, "%016" PRIx64, numbers[i]);
        (void)text_put_hexadecimal(text, text + sizeof text, numbers[i], 16);
        assert_string_equal(text, expected);
        (void)text_put_hexadecimal(text, text + sizeof text, numbers[i], 5);
        assert_string_equal(text, expected + 11);
    }
}

static void addresses_are_as_inet_ntop_writes_them(void **state)
{
    char text[32], expected[32];

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct in_addr address = {htonl(i * 4294967u)};

        assert_non_null(inet_ntop(AF_INET, &address, expected, sizeof expected));
        (void)text_put_ip4(text, text + sizeof text, &address);
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_follow_one_another),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(numbers_are_as_printf_writes_them),
        cmocka_unit_test(addresses_are_as_inet_ntop_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
