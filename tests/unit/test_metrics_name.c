#include "tests/unit/unit.h"

#include <string.h>

#include "shim/metrics_name.h"

static void hosts_become_names(void **state)
{
    char host[METRICS_HOST];

    (void)state;
    metrics_host(host, "node-1.example");
    assert_string_equal(host, "node-1.example");
    metrics_host(host, "../a b/\n\xc3\xbc");
    assert_string_equal(host, ".._a_b____");
    metrics_host(host, "");
    assert_string_equal(host, "unknown");
    metrics_host(host, "0123456789012345678901234567890123456789012345678901234567890123456789");
    assert_int_equal(strlen(host), METRICS_HOST - 1);
}

static void names_come_back(void **state)
{
    const struct metrics_owner owner = {4711, 18446744073709551600u};
    struct metrics_owner parsed;
    char name[METRICS_NAME], host[METRICS_HOST];

    (void)state;
    metrics_host(host, "a-host-of-sixty-four-characters-0123456789-0123456789-0123456789");
    metrics_name(name, "box", &owner);
    assert_string_equal(name, "curveshim-box-4711-18446744073709551600.prom");
    metrics_name(name, host, &owner);
    assert_true(metrics_name_parse(&parsed, name, host));
    assert_int_equal(parsed.pid, owner.pid);
    assert_true(parsed.start == owner.start);
    strcat(name, METRICS_TEMPORARY);
    assert_true(metrics_name_parse(&parsed, name, host));
}

static void what_is_nobodys(void **state)
{
    static const char *const names[] = {
        "curveshim-box-1-2.prom.bak",
        "curveshim-box-1-2",
        "curveshim-box-1-.prom",
        "curveshim-box--2.prom",
        "curveshim-box-0-2.prom",
        "curveshim-box-01-2.prom",
        "curveshim-box-+1-2.prom",
        "curveshim-box-1--2.prom",
        "curveshim-box-1-2-3.prom",
        "curveshim-box-2147483648-2.prom",
        "curveshim-box-1-99999999999999999999999.prom",
        "curveshim-boxer-1-2.prom",
        "curveshim-other-1-2.prom",
        "node-box-1-2.prom",
        "curveshim-box",
        "curveshim-",
        "",
        ".",
    };
    struct metrics_owner owner;

    (void)state;
    assert_true(metrics_name_parse(&owner, "curveshim-box-1-2.prom", "box"));
    for (size_t i = 0; i < COUNT(names); i++)
        if (metrics_name_parse(&owner, names[i], "box"))
            fail_msg("%s", names[i]);
    /* A host whose name begins as another's does. */
    assert_false(metrics_name_parse(&owner, "curveshim-box-1-77-99.prom", "box"));
    assert_true(metrics_name_parse(&owner, "curveshim-box-1-77-99.prom", "box-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_become_names),
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(what_is_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
