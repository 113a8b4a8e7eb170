#include "tests/unit/unit.h"

#include <string.h>

#include "shim/backoff.h"

static struct backoff backoff;

static int fresh(void **state)
{
    (void)state;
    memset(&backoff, 0, sizeof backoff);
    return 0;
}

static void a_stranger_need_not_wait(void **state)
{
    (void)state;
    assert_false(backoff_holds(&backoff, 7, 0));
}

static void intervals_double_up_to_a_second(void **state)
{
    int64_t now = 1000, interval = 50;

    (void)state;
    for (int i = 0; i < 8; i++) {
        backoff_failed(&backoff, 7, false, now);
        assert_true(backoff_holds(&backoff, 7, now + interval - 1));
        assert_false(backoff_holds(&backoff, 7, now + interval));
        assert_false(backoff_holds(&backoff, 8, now));
        now += interval;
        interval = interval * 2 < BACKOFF_MOST ? interval * 2 : BACKOFF_MOST;
    }
}

static void success_clears(void **state)
{
    (void)state;
    backoff_failed(&backoff, 7, true, 1000);
    backoff_clear(&backoff, 7);
    assert_false(backoff_holds(&backoff, 7, 1000));
    assert_int_equal(backoff_failed(&backoff, 7, true, 1000), 1);
}

static void four_hundred_counts_in_a_row_only(void **state)
{
    (void)state;
    assert_int_equal(backoff_failed(&backoff, 7, true, 1000), 1);
    assert_int_equal(backoff_failed(&backoff, 7, true, 1100), 2);
    assert_int_equal(backoff_failed(&backoff, 7, false, 1200), 0);
    assert_int_equal(backoff_failed(&backoff, 7, true, 1300), 1);
}

static void a_quiet_half_minute_starts_afresh(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        backoff_failed(&backoff, 7, true, 1000);
    assert_int_equal(backoff_failed(&backoff, 7, true, 40000), 1);
    assert_false(backoff_holds(&backoff, 7, 40050));
}

static void many_peers_push_out_the_oldest(void **state)
{
    (void)state;
    for (uint64_t peer = 1; peer <= BACKOFF_SLOTS + 1; peer++)
        backoff_failed(&backoff, peer, false, (int64_t)peer * 10);
    assert_true(backoff_holds(&backoff, BACKOFF_SLOTS + 1, (BACKOFF_SLOTS + 1) * 10));
    assert_false(backoff_holds(&backoff, 1, 11));
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stranger_need_not_wait),
        TEST(intervals_double_up_to_a_second),
        TEST(success_clears),
        TEST(four_hundred_counts_in_a_row_only),
        TEST(a_quiet_half_minute_starts_afresh),
        TEST(many_peers_push_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
