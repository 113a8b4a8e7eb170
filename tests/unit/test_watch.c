#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/watch.h"

static struct watch opened(void)
{
    static const char *const paths[WATCH_DIRECTORIES] = {"/tmp", "/dev"};
    struct watch watch;

    watch_open(&watch, paths);
    assert_true(watch.fd >= 0);
    return watch;
}

static void its_descriptors_are_high_and_end_with_it(void **state)
{
    struct watch watch = opened(), closed = watch;

    (void)state;
    assert_true(watch.fd > 100);
    assert_true(watch.lasting > 100);
    assert_true(fcntl(watch.fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(watch.lasting, F_GETFD) & FD_CLOEXEC);
    watch_close(&watch);
    assert_int_equal(watch.fd, -1);
    assert_int_equal(watch.lasting, -1);
    assert_int_equal(fcntl(closed.fd, F_GETFD), -1);
    assert_int_equal(fcntl(closed.lasting, F_GETFD), -1);
}

/* Else a process that is killed keeps its connections open, unread, while inotify is taken down. */
static void a_copy_is_in_flight(void **state)
{
    struct watch watch = opened();
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    char name[64], what[64] = "";
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.room};
    int copy;

    (void)state;
    assert_int_equal(recvmsg(watch.lasting, &message, MSG_DONTWAIT), 1);
    assert_int_equal(message.msg_controllen, sizeof control.room);
    memcpy(&copy, CMSG_DATA(&control.header), sizeof copy);
    snprintf(name, sizeof name, "/proc/self/fd/%d", copy);
    assert_true(readlink(name, what, sizeof what - 1) > 0);
    assert_string_equal(what, "anon_inode:inotify");
    close(copy);
    watch_close(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_descriptors_are_high_and_end_with_it),
        cmocka_unit_test(a_copy_is_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
