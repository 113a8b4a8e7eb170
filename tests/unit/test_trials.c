#include "tests/unit/unit.h"

#include <string.h>

#include "shim/overlap.h"
#include "shim/trials.h"

#define HELLO_HEAD "\x04\xc8\x05HELLO"

static struct trial *make(int fd)
{
    struct trial *trial = test_calloc(1, sizeof *trial);

    trial->fd = fd;
    trial->overlap = (struct overlap *)trial;
    trials_add(trial);
    return trial;
}

static void drop(struct trial *trial)
{
    trials_take_out(trial);
    test_free(trial);
}

static void found_by_descriptor(void **state)
{
    /* 300 and 556 share a bucket. */
    static const int numbers[] = {0, 3, 300, 556, OBSERVER_TABLE - 1};
    struct trial *trials[5];

    (void)state;
    for (size_t i = 0; i < 5; i++)
        trials[i] = make(numbers[i]);
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(trials_find(numbers[i]), trials[i]);
        assert_true(overlap_flagged(numbers[i]));
    }
    assert_null(trials_find(812));
    assert_false(overlap_flagged(4));
    drop(trials[2]);
    assert_null(trials_find(300));
    assert_false(overlap_flagged(300));
    assert_ptr_equal(trials_find(556), trials[3]);
    for (size_t i = 0; i < 5; i++)
        if (i != 2)
            drop(trials[i]);
    for (size_t i = 0; i < 5; i++)
        assert_false(overlap_flagged(numbers[i]));
}

static void no_descriptor_is_flagged(void **state)
{
    (void)state;
    assert_false(overlap_flagged(-1));
    assert_false(overlap_flagged(OBSERVER_TABLE));
    trials_unflag(-1);
}

static void handed_after_the_hello_only(void **state)
{
    struct trial *trial = make(7);

    (void)state;
    assert_false(trial_may_be_handed(trial));
    trial->said = TRIAL_SAID;
    trial->sent = WIRE_GREETING;
    assert_false(trial_may_be_handed(trial));
    memcpy(trial->bytes + WIRE_GREETING, HELLO_HEAD, sizeof HELLO_HEAD - 1);
    assert_true(trial_may_be_handed(trial));
    trial->said--;
    assert_false(trial_may_be_handed(trial));
    trial->said++;
    trial->sent++; /* of a WELCOME */
    assert_false(trial_may_be_handed(trial));
    trial->sent--;
    trial->stage = TRIAL_SECOND;
    assert_false(trial_may_be_handed(trial));
    trial->stage = TRIAL_FIRST;
    trials_leave(trial->overlap);
    assert_false(trial_may_be_handed(trial));
    drop(trial);
}

static void forgotten_in_a_child(void **state)
{
    struct trial *trial = make(9);

    (void)state;
    trials_forget();
    assert_null(trials_find(9));
    assert_false(overlap_flagged(9));
    test_free(trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_descriptor),
        cmocka_unit_test(no_descriptor_is_flagged),
        cmocka_unit_test(handed_after_the_hello_only),
        cmocka_unit_test(forgotten_in_a_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
