/* What could not be taken in for want of memory is asked for again, and then taken in. */
#include "tests/unit/certdir_fixture.h"

#include <stdlib.h>
#include <time.h>

#define CALLS 8

static unsigned failing_call; /* 0: none */
static bool failed;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

static bool fails(void)
{
    if (failing_call == 0 || --failing_call != 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

/* Files look old enough for their times to tell whether they have changed since. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = __real_clock_gettime(clock, time);

    time->tv_sec += 60;
    return result;
}

static void a_file_without_memory_is_asked_for_again(void **state)
{
    unsigned tried = 0;

    for (unsigned call = 1; call <= CALLS; call++) {
        int result;

        assert_int_equal(certdir_setup(state), 0);
        put_key("a.key", 1, "");
        failed = false;
        failing_call = call;
        result = certdir_scan(&directory, now, &error);
        failing_call = 0;
        if (holder(1) == NULL) {
            assert_true(failed);
            assert_true(result != 0 || directory.unread);
            tried++;
        }
        scan();
        assert_holder(1, "a");
        assert_false(directory.unread);
        assert_int_equal(certdir_teardown(state), 0);
    }
    assert_true(tried >= 4);
}

static void a_change_without_memory_keeps_what_was_said(void **state)
{
    for (unsigned call = 1; call <= CALLS; call++) {
        assert_int_equal(certdir_setup(state), 0);
        put_key("a.key", 1, "");
        scan();
        put_key("a.key", 2, "");
        failed = false;
        failing_call = call;
        certdir_touch(&directory, "a.key", now);
        failing_call = 0;
        if (holder(2) == NULL) {
            assert_true(failed);
            assert_holder(1, "a");
            assert_true(directory.unread);
        }
        scan();
        assert_nobody(1);
        assert_holder(2, "a");
        assert_int_equal(certdir_teardown(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_memory_is_asked_for_again),
        cmocka_unit_test(a_change_without_memory_keeps_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
