#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "shim/ratelimit.h"

static struct ratelimit limits;
static unsigned held;

static int fresh(void **state)
{
    (void)state;
    memset(&limits, 0, sizeof limits);
    return 0;
}

static bool pass(const char *peer, int64_t now)
{
    return ratelimit_pass(&limits, "auth", peer, "unknown key", RATELIMIT_SOON, now, &held);
}

#define assert_passes(peer, now, count)                                                            \
    do {                                                                                           \
        assert_true(pass(peer, now));                                                              \
        assert_int_equal(held, count);                                                             \
    } while (0)

#define assert_held(peer, now)                                                                     \
    do {                                                                                           \
        assert_false(pass(peer, now));                                                             \
        assert_int_equal(held, 0);                                                                 \
    } while (0)

static void the_first_passes_at_once(void **state)
{
    (void)state;
    assert_passes("a", 0, 0);
    memset(&limits, 0, sizeof limits);
    assert_passes("a", 123456789012, 0);
    memset(&limits, 0, sizeof limits);
    assert_passes("", 1, 0);
}

static void intervals_grow(void **state)
{
    int64_t at = 5000;

    (void)state;
    assert_passes("a", at, 0);
    assert_held("a", at);
    assert_held("a", at + 999);
    at += 1000;
    assert_passes("a", at, 2);
    assert_held("a", at + 1);
    assert_held("a", at + 9999);
    at += 10000;
    assert_passes("a", at, 2);
    for (int i = 0; i < 5; i++) {
        assert_held("a", at + 1);
        assert_held("a", at + 30000);
        assert_held("a", at + 59999);
        at += 60000;
        assert_passes("a", at, 3);
    }
}

static void a_steady_peer_is_told_of_less_and_less(void **state)
{
    unsigned passed = 0, told = 0;

    (void)state;
    for (int64_t now = 0; now < 3600 * 1000; now += 100)
        if (pass("a", now)) {
            passed++;
            told += held;
        }
    assert_in_range(passed, 60, 63);
    assert_in_range(passed + told, 36000 - 600, 36000);
}

static void quiet_kinds_start_afresh(void **state)
{
    (void)state;
    assert_passes("a", 0, 0);
    assert_held("a", 1);
    assert_passes("a", 1000, 1);
    assert_held("a", 1001);
    assert_passes("a", 11000, 1);
    /* Quiet for its whole minute and another one. */
    assert_passes("a", 200000, 0);
    assert_held("a", 200999);
    assert_passes("a", 201000, 1);
}

static void kinds_do_not_share_intervals(void **state)
{
    (void)state;
    assert_true(ratelimit_pass(&limits, "auth", "a", "r", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "bind", "a", "r", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "auth", "b", "r", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "auth", "a", "s", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "autha", "", "r", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "", "autha", "r", RATELIMIT_SOON, 0, &held));
    assert_true(ratelimit_pass(&limits, "auth", "ar", "", RATELIMIT_SOON, 0, &held));
    assert_false(ratelimit_pass(&limits, "auth", "a", "r", RATELIMIT_SOON, 500, &held));
    assert_false(ratelimit_pass(&limits, "auth", "a", "r", RATELIMIT_SOON, 501, &held));
    assert_false(ratelimit_pass(&limits, "auth", "b", "r", RATELIMIT_SOON, 500, &held));
    assert_true(ratelimit_pass(&limits, "auth", "a", "r", RATELIMIT_SOON, 1000, &held));
    assert_int_equal(held, 2);
    assert_true(ratelimit_pass(&limits, "auth", "b", "r", RATELIMIT_SOON, 1000, &held));
    assert_int_equal(held, 1);
    assert_true(ratelimit_pass(&limits, "bind", "a", "r", RATELIMIT_SOON, 1000, &held));
    assert_int_equal(held, 0);
}

static unsigned flood(int64_t start, int64_t milliseconds, unsigned a_millisecond)
{
    static unsigned number;
    unsigned passed = 0;
    char peer[32];

    for (int64_t now = start; now < start + milliseconds; now++)
        for (unsigned i = 0; i < a_millisecond; i++) {
            snprintf(peer, sizeof peer, "peer %u", number++);
            passed += pass(peer, now);
        }
    return passed;
}

static void a_flood_of_distinct_peers_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(flood(1000, 1, 10000), RATELIMIT_BURST);
    assert_int_equal(flood(1001, RATELIMIT_REFILL - 1, 10), 0);
    assert_in_range(flood(1250, 60000, 10), 239, 241);
}

static void after_a_flood_others_are_heard_again(void **state)
{
    (void)state;
    assert_int_equal(flood(0, 1, 1000), RATELIMIT_BURST);
    assert_held("a", 1);
    assert_held("a", RATELIMIT_REFILL - 1);
    assert_passes("a", RATELIMIT_REFILL, 0);
    assert_held("b", RATELIMIT_REFILL);
}

static void a_known_kind_counts_what_a_flood_kept_back(void **state)
{
    (void)state;
    assert_passes("a", 0, 0);
    assert_held("a", 10);
    assert_int_equal(flood(999, 1, 1000), RATELIMIT_BURST);
    assert_held("a", 1000);
    assert_int_equal(flood(1249, 1, 1000), 1);
    assert_held("a", 1251);
    assert_passes("a", 1500, 3);
}

static void quiet_time_saves_no_more_than_a_burst(void **state)
{
    (void)state;
    assert_int_equal(flood(0, 1, 1000), RATELIMIT_BURST);
    assert_int_equal(flood(10 * RATELIMIT_REFILL, 1, 1000), 10);
    assert_int_equal(flood(1000000000000, 1, 1000), RATELIMIT_BURST);
    assert_int_equal(flood(INT64_MAX - 100000, 1, 1000), RATELIMIT_BURST);
}

static void many_kinds_fit_without_losing_count(void **state)
{
    char peer[32];
    unsigned counted = 0;

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(peer, sizeof peer, "tcp://10.0.0.%d:5555", i);
        assert_passes(peer, i, 0);
        assert_held(peer, i + 1);
    }
    for (int i = 0; i < 30; i++) {
        snprintf(peer, sizeof peer, "tcp://10.0.0.%d:5555", i);
        assert_true(pass(peer, 20000 + i));
        counted += held;
    }
    assert_int_equal(counted, 30);
}

static void long_and_foreign_names(void **state)
{
    static char peer[100001];

    (void)state;
    memset(peer, '\xff', sizeof peer - 1);
    assert_passes(peer, 0, 0);
    assert_held(peer, 1);
    peer[sizeof peer - 2] = 'x';
    assert_passes(peer, 1, 0);
}

static bool pass_later(int64_t now)
{
    return ratelimit_pass(&limits, "auth", "a", "r", RATELIMIT_LATER, now, &held);
}

static void a_burst_passes_once(void **state)
{
    (void)state;
    assert_true(pass_later(0));
    for (int64_t now = 100; now < RATELIMIT_LATER; now += 100)
        assert_false(pass_later(now));
    assert_true(pass_later(RATELIMIT_LATER));
    assert_int_equal(held, 99);
    assert_false(pass_later(RATELIMIT_LATER + 59999));
    assert_true(pass_later(RATELIMIT_LATER + 60000));
}

static void what_is_forgotten_is_a_first_again(void **state)
{
    (void)state;
    assert_true(pass_later(0));
    ratelimit_forget(&limits, "auth", "a", "other");
    assert_false(pass_later(1));
    ratelimit_forget(&limits, "auth", "a", "r");
    assert_true(pass_later(2));
    assert_int_equal(held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_burst_passes_once, fresh),
        cmocka_unit_test_setup(what_is_forgotten_is_a_first_again, fresh),
        cmocka_unit_test_setup(the_first_passes_at_once, fresh),
        cmocka_unit_test_setup(intervals_grow, fresh),
        cmocka_unit_test_setup(a_steady_peer_is_told_of_less_and_less, fresh),
        cmocka_unit_test_setup(quiet_kinds_start_afresh, fresh),
        cmocka_unit_test_setup(kinds_do_not_share_intervals, fresh),
        cmocka_unit_test_setup(a_flood_of_distinct_peers_is_bounded, fresh),
        cmocka_unit_test_setup(after_a_flood_others_are_heard_again, fresh),
        cmocka_unit_test_setup(a_known_kind_counts_what_a_flood_kept_back, fresh),
        cmocka_unit_test_setup(quiet_time_saves_no_more_than_a_burst, fresh),
        cmocka_unit_test_setup(many_kinds_fit_without_losing_count, fresh),
        cmocka_unit_test_setup(long_and_foreign_names, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
