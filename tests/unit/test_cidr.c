#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "shim/cidr.h"

static bool matches(const char *networks, const char *address)
{
    struct cidr_list list;
    const char *bad;
    size_t length;
    bool result;

    if (cidr_list_parse(&list, networks, &bad, &length) != 0)
        fail_msg("'%s' is not understood", networks);
    result = cidr_list_match(&list, address);
    cidr_list_free(&list);
    return result;
}

#define assert_in(networks, address) assert_true(matches(networks, address))
#define assert_out(networks, address) assert_false(matches(networks, address))

static bool parses(const char *text)
{
    struct cidr cidr;

    return cidr_parse(&cidr, text, strlen(text));
}

static void what_is_a_network(void **state)
{
    static const char *const good[] = {
        "0.0.0.0",
        "255.255.255.255",
        "10.0.0.0/8",
        "10.1.2.3/8",
        "1.2.3.4/0",
        "1.2.3.4/32",
        "::",
        "::/0",
        "::1/128",
        "2001:db8::/32",
        "::ffff:1.2.3.4",
        "::ffff:1.2.3.4/96",
        "::ffff:0:0/95",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!parses(good[i]))
            fail_msg("'%s' is refused", good[i]);
}

static void what_is_not_a_network(void **state)
{
    static const char *const bad[] = {
        "",
        "/",
        "/8",
        "1.2.3.4/",
        "1.2.3.4/33",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "1.2.3.4/ 8",
        "1.2.3.4/8 ",
        " 1.2.3.4",
        "1.2.3.4/8/8",
        "1.2.3.4/0x8",
        "1.2.3.4/8.0",
        "1.2.3.4/255.0.0.0",
        "1.2.3.4/256",
        "1.2.3.4/264",
        "1.2.3.4/4294967304",
        "1.2.3.4/18446744073709551624",
        "1.2.3.4/99999999999999999999999999",
        "1.2.3",
        "10/8",
        "1.2.3.4.5",
        "1.2.3.256",
        "010.0.0.1",
        "0x7f.0.0.1",
        "1.2.3.4:5555",
        "[::1]",
        "::/129",
        "::1::",
        ":::",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "fe80::1%eth0/64",
        "::ffff:1.2.3.4/129",
        "localhost",
        "*",
        "any",
        "\xff\xfe",
        "\xef\xbc\x91.2.3.4",
        "0000000000000000000000000000000000000000000000000000000000000000000000001.2.3.4",
    };
    struct cidr cidr;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parses(bad[i]))
            fail_msg("'%s' is accepted", bad[i]);
    assert_false(cidr_parse(&cidr, "1.2.3.4\0", 8));
    assert_false(cidr_parse(&cidr, "1.2.3.4\0/8", 10));
    assert_true(cidr_parse(&cidr, "1.2.3.4/89", 9));
    assert_int_equal(cidr.prefix, 8);
}

static void prefixes_cut_where_they_say(void **state)
{
    (void)state;
    assert_in("10.0.0.0/8", "10.255.255.255");
    assert_out("10.0.0.0/8", "11.0.0.0");
    assert_out("10.0.0.0/8", "9.255.255.255");
    assert_in("10.1.2.3/8", "10.200.0.1");
    assert_in("192.0.2.0/25", "192.0.2.127");
    assert_out("192.0.2.0/25", "192.0.2.128");
    assert_in("192.0.2.128/31", "192.0.2.129");
    assert_out("192.0.2.128/31", "192.0.2.130");
    assert_in("192.0.2.1", "192.0.2.1");
    assert_out("192.0.2.1", "192.0.2.0");
    assert_in("192.0.2.1/32", "192.0.2.1");
    assert_in("128.0.0.0/1", "255.0.0.0");
    assert_out("128.0.0.0/1", "127.255.255.255");
    assert_in("2001:db8::/33", "2001:db8:7fff::1");
    assert_out("2001:db8::/33", "2001:db8:8000::1");
    assert_in("2001:db8::1", "2001:DB8:0:0:0:0:0:1");
    assert_out("2001:db8::1", "2001:db8::2");
    assert_in("2001:db8::2/127", "2001:db8::3");
    assert_out("2001:db8::2/127", "2001:db8::1");
}

static void every_prefix_of_both_families(void **state)
{
    char network[64], address[64];

    (void)state;
    for (unsigned prefix = 1; prefix <= 32; prefix++) {
        uint32_t flipped = 1u << (32 - prefix), within = flipped >> 1;

        snprintf(network, sizeof network, "0.0.0.0/%u", prefix);
        snprintf(address, sizeof address, "%u.%u.%u.%u", flipped >> 24, flipped >> 16 & 255,
                 flipped >> 8 & 255, flipped & 255);
        assert_out(network, address);
        snprintf(address, sizeof address, "%u.%u.%u.%u", within >> 24, within >> 16 & 255,
                 within >> 8 & 255, within & 255);
        assert_in(network, address);
    }
    for (unsigned prefix = 1; prefix <= 128; prefix++) {
        unsigned bit = 128 - prefix, group = 7 - bit / 16;

        snprintf(network, sizeof network, "2001:db8::/%u", prefix);
        snprintf(address, sizeof address, "%x:%x:%x:%x:%x:%x:%x:%x",
                 0x2001 ^ (group == 0 ? 1u << bit % 16 : 0),
                 0xdb8 ^ (group == 1 ? 1u << bit % 16 : 0), group == 2 ? 1u << bit % 16 : 0,
                 group == 3 ? 1u << bit % 16 : 0, group == 4 ? 1u << bit % 16 : 0,
                 group == 5 ? 1u << bit % 16 : 0, group == 6 ? 1u << bit % 16 : 0,
                 group == 7 ? 1u << bit % 16 : 0);
        assert_out(network, address);
        assert_in(network, "2001:db8::");
    }
}

static void everything_of_one_family(void **state)
{
    (void)state;
    assert_in("0.0.0.0/0", "0.0.0.0");
    assert_in("0.0.0.0/0", "255.255.255.255");
    assert_out("0.0.0.0/0", "::1");
    assert_out("0.0.0.0/0", "::");
    assert_in("::/0", "ffff::");
    assert_out("::/0", "1.2.3.4");
}

static void mapped_addresses_count_as_ipv4(void **state)
{
    (void)state;
    assert_in("127.0.0.1", "::ffff:127.0.0.1");
    assert_in("127.0.0.0/8", "::FFFF:7f00:1");
    assert_out("127.0.0.1", "::ffff:127.0.0.2");
    assert_in("0.0.0.0/0", "::ffff:1.2.3.4");
    assert_out("::/0", "::ffff:1.2.3.4");
    assert_in("::ffff:127.0.0.1", "127.0.0.1");
    assert_in("::ffff:10.0.0.0/104", "10.9.9.9");
    assert_out("::ffff:10.0.0.0/104", "11.0.0.0");
    assert_in("::ffff:0:0/96", "1.2.3.4");
    assert_in("::ffff:0:0/96", "::ffff:1.2.3.4");
    assert_in("::ffff:10.0.0.0/97", "127.255.255.255");
    assert_out("::ffff:10.0.0.0/97", "128.0.0.0");
    assert_in("::ffff:1.2.3.4/128", "1.2.3.4");
    assert_out("::ffff:0:0/96", "::1");
}

static void prefixes_below_the_mapping_are_ipv6(void **state)
{
    (void)state;
    assert_out("::ffff:0:0/95", "1.2.3.4");
    assert_in("::ffff:0:0/95", "::fffe:1:2");
    assert_out("::ffff:0:0/80", "1.2.3.4");
    assert_in("::ffff:0:0/80", "::1");
    assert_out("::ffff:1.2.3.4/0", "1.2.3.4");
    assert_in("::ffff:1.2.3.4/0", "2001:db8::1");
}

static void only_the_mapping_prefix_maps(void **state)
{
    (void)state;
    assert_out("1.2.3.4", "::1.2.3.4");
    assert_out("1.2.3.4", "64:ff9b::1.2.3.4");
    assert_out("1.2.3.4", "::fffe:1.2.3.4");
    assert_out("1.2.3.4", "1::ffff:1.2.3.4");
    assert_out("::102:304", "1.2.3.4");
}

static void zones_of_addresses_are_ignored(void **state)
{
    (void)state;
    assert_in("fe80::/10", "fe80::1%eth0");
    assert_in("fe80::1", "fe80::1%");
    assert_in("fe80::1", "fe80::1%1/64");
    assert_in("fe80::1",
              "fe80::1%a-very-long-interface-name-that-no-kernel-would-ever-give-to-one");
    assert_out("fe80::1", "fe80::2%eth0");
    assert_out("::/0", "%eth0");
}

static void what_is_no_address_matches_nothing(void **state)
{
    static const char *const bad[] = {
        "",  "localhost:0:0:1", "1.2.3.4/32", "1.2.3.4/0", "::/0", "1.2.3.4 ", " 1.2.3.4",
        "a", "[::1]",           "1.2.3.4:80", "/",         "\xff",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_out("0.0.0.0/0 ::/0", bad[i]);
}

static void lists(void **state)
{
    struct cidr_list list;
    const char *bad;
    size_t length;

    (void)state;
    assert_int_equal(cidr_list_parse(&list, "", &bad, &length), 0);
    assert_int_equal(list.count, 0);
    assert_false(cidr_list_match(&list, "1.2.3.4"));
    cidr_list_free(&list);
    assert_int_equal(cidr_list_parse(&list, ", \t\r\n,", &bad, &length), 0);
    assert_int_equal(list.count, 0);
    cidr_list_free(&list);
    assert_int_equal(cidr_list_parse(&list, ",10.0.0.0/8,\n::1 ::", &bad, &length), 0);
    assert_int_equal(list.count, 3);
    assert_true(cidr_list_match(&list, "10.1.1.1"));
    assert_true(cidr_list_match(&list, "::1"));
    assert_true(cidr_list_match(&list, "::"));
    assert_false(cidr_list_match(&list, "::2"));
    cidr_list_free(&list);
    assert_int_equal(list.count, 0);
    assert_false(cidr_list_match(&list, "10.1.1.1"));
    cidr_list_free(&list);
}

static void the_shortest_networks_fill_a_list(void **state)
{
    static char text[3 * 1000 + 1];
    struct cidr_list list;
    const char *bad;
    size_t length;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 3 * i, "::,", 3);
    assert_int_equal(cidr_list_parse(&list, text, &bad, &length), 0);
    assert_int_equal(list.count, 1000);
    cidr_list_free(&list);
}

static void the_bad_one_is_named(void **state)
{
    static const char text[] = "10.0.0.0/8, nonsense/9 ::1";
    struct cidr_list list;
    const char *bad;
    size_t length;

    (void)state;
    assert_int_equal(cidr_list_parse(&list, text, &bad, &length), -1);
    assert_ptr_equal(bad, strstr(text, "nonsense"));
    assert_int_equal(length, strlen("nonsense/9"));
    assert_int_equal(list.count, 0);
    assert_null(list.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_network),
        cmocka_unit_test(what_is_not_a_network),
        cmocka_unit_test(prefixes_cut_where_they_say),
        cmocka_unit_test(every_prefix_of_both_families),
        cmocka_unit_test(everything_of_one_family),
        cmocka_unit_test(mapped_addresses_count_as_ipv4),
        cmocka_unit_test(prefixes_below_the_mapping_are_ipv6),
        cmocka_unit_test(only_the_mapping_prefix_maps),
        cmocka_unit_test(zones_of_addresses_are_ignored),
        cmocka_unit_test(what_is_no_address_matches_nothing),
        cmocka_unit_test(lists),
        cmocka_unit_test(the_shortest_networks_fill_a_list),
        cmocka_unit_test(the_bad_one_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
