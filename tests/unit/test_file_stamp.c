#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/file_stamp.h"

static char path[] = "/tmp/curveshim-stamp-XXXXXX";

/* Of the file as it would be if it had not changed for a while. */
static struct file_stamp settled(void)
{
    struct file_stamp stamp;
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    file_stamp_take(&stamp, &status);
    stamp.usable = true;
    return stamp;
}

static int make_file(void **state)
{
    char template[] = "/tmp/curveshim-stamp-XXXXXX";
    int fd = mkstemp(template);

    (void)state;
    strcpy(path, template);
    return fd < 0 || write(fd, "0123456789", 10) != 10 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void it_holds_while_nothing_changes(void **state)
{
    bool holds = false;

    (void)state;
    for (int i = 0; i < 20 && !holds; i++) { /* the machine may stand still for a while */
        struct file_stamp stamp = settled();

        holds = file_stamp_holds(&stamp, path);
    }
    assert_true(holds);
}

static void what_has_just_changed_is_not_trusted(void **state)
{
    struct file_stamp stamp;
    struct stat status;

    (void)state;
    assert_int_equal(stat(path, &status), 0);
    file_stamp_take(&stamp, &status);
    assert_false(stamp.usable || file_stamp_holds(&stamp, path));
    status.st_ctim.tv_sec -= 4;
    file_stamp_take(&stamp, &status);
    assert_true(stamp.usable);
    status.st_ctim.tv_sec += 3600; /* the clock was set back since */
    file_stamp_take(&stamp, &status);
    assert_false(stamp.usable);
}

static void it_counts_for_a_while(void **state)
{
    struct file_stamp stamp = settled();

    (void)state;
    stamp.taken -= STAMP_MS;
    assert_false(file_stamp_holds(&stamp, path));
}

/* The clock that times of change are taken from ticks. */
static void wait_for_a_tick(void)
{
    struct timespec before, now;

    clock_gettime(CLOCK_REALTIME_COARSE, &before);
    do {
        usleep(1000);
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    } while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void each_change_ends_it(void **state)
{
    struct timespec times[2];
    struct file_stamp stamp = settled();
    char other[64];
    struct stat status;
    int fd;

    (void)state;
    /* Other contents of the same size, with the time of the former ones. */
    assert_int_equal(stat(path, &status), 0);
    wait_for_a_tick();
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, "9876543210", 10), 10);
    times[0] = status.st_atim;
    times[1] = status.st_mtim;
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_false(file_stamp_holds(&stamp, path));

    stamp = settled();
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(file_stamp_holds(&stamp, path));

    /* Another file in its place. */
    stamp = settled();
    snprintf(other, sizeof other, "%s.new", path);
    fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    assert_int_equal(write(fd, "9876543210", 10), 10);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_int_equal(rename(other, path), 0);
    assert_false(file_stamp_holds(&stamp, path));

    stamp = settled();
    snprintf(other, sizeof other, "%s.old", path);
    assert_int_equal(rename(path, other), 0);
    assert_false(file_stamp_holds(&stamp, path));
    assert_int_equal(rename(other, path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_holds_while_nothing_changes, make_file, remove_file),
        cmocka_unit_test_setup_teardown(what_has_just_changed_is_not_trusted, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(it_counts_for_a_while, make_file, remove_file),
        cmocka_unit_test_setup_teardown(each_change_ends_it, make_file, remove_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
