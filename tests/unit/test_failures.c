#include "tests/unit/unit.h"

#include <string.h>

#include "shim/failures.h"

static struct failures failures;

static int fresh(void **state)
{
    (void)state;
    memset(&failures, 0, sizeof failures);
    return 0;
}

static void a_run_is_counted_from_its_first(void **state)
{
    struct failure_run run;

    (void)state;
    run = failures_add(&failures, 7, 3, 1000, 50);
    assert_int_equal(run.count, 1);
    run = failures_add(&failures, 7, 3, 3000, 52);
    assert_int_equal(run.count, 2);
    assert_int_equal(run.since, 50);
    assert_int_equal(run.kinds, 1 << 3);
    assert_int_equal(run.first, 1000);
    run = failures_add(&failures, 8, 3, 4000, 53);
    assert_int_equal(run.count, 1);
    assert_true(failures_end(&failures, 7, 5000, &run));
    assert_int_equal(run.count, 2);
    assert_int_equal(run.first, 1000);
    assert_false(failures_end(&failures, 7, 5000, &run));
    assert_true(failures_end(&failures, 8, 5000, &run));
}

static void what_is_long_over_is_not_continued(void **state)
{
    struct failure_run run;

    (void)state;
    (void)failures_add(&failures, 7, 3, 0, 50);
    run = failures_add(&failures, 7, 3, FAILURES_QUIET, 51);
    assert_int_equal(run.count, 2);
    run = failures_add(&failures, 7, 3, 2 * FAILURES_QUIET + 1, 52);
    assert_int_equal(run.count, 1);
    assert_int_equal(run.since, 52);
    assert_false(failures_end(&failures, 7, 3 * FAILURES_QUIET + 2, &run));
}

static void the_oldest_makes_room(void **state)
{
    struct failure_run run;

    (void)state;
    for (int i = 1; i <= FAILURES_RUNS + 1; i++)
        (void)failures_add(&failures, (uint64_t)i, 3, i, 0);
    assert_false(failures_end(&failures, 1, 1000, &run));
    for (int i = 2; i <= FAILURES_RUNS + 1; i++)
        assert_true(failures_end(&failures, (uint64_t)i, 1000, &run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_run_is_counted_from_its_first, fresh),
        cmocka_unit_test_setup(what_is_long_over_is_not_continued, fresh),
        cmocka_unit_test_setup(the_oldest_makes_room, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
