#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/log.h"
#include "shim/overlap.h"
#include "shim/trials.h"

/* What programs do to descriptors that they do not know. */

#define ENDPOINT "tcp://127.0.0.1:5555"

/* What else the code under test calls. */
static unsigned lines;

void log_event(const struct event *event)
{
    assert_string_equal(event->name, "bind");
    assert_string_equal(event->fields[0].text, ENDPOINT);
    lines++;
}

ino_t observer_inode(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

/* A server whose key is being rotated, and a connection that the first listener has given up. */
struct server {
    struct overlap *overlap;
    int listener;
    int wake;
    int connection;
    int client;
};

static int new_socket(int *other)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    *other = pair[1];
    return pair[0];
}

/* Its client has said HELLO. */
static int said_hello(int listener, int *client)
{
    static const char head[] = "\x04\xc8\x05HELLO";
    unsigned char said[TRIAL_SAID] = {0};
    int fd = new_socket(client);

    memcpy(said + WIRE_GREETING, head, sizeof head - 1);
    overlap_accepted(listener, fd);
    overlap_received(fd, said, sizeof said);
    overlap_sent(fd, WIRE_GREETING);
    return fd;
}

static void begin(struct server *server)
{
    int unused;

    lines = 0;
    server->overlap = overlap_begin();
    assert_non_null(server->overlap);
    server->listener = new_socket(&unused);
    close(unused);
    overlap_listen(server->listener);
    server->wake = overlap_descriptor(server->overlap);
    overlap_bound(ENDPOINT);
    server->connection = said_hello(server->listener, &server->client);
}

/* As libzmq does. */
static void close_as_libzmq(int fd)
{
    if (!overlap_flagged(fd) || !overlap_close(fd, true))
        close(fd);
}

static void end(struct server *server)
{
    close_as_libzmq(server->wake);
    close_as_libzmq(server->listener);
    close(server->client);
    assert_false(overlap_flagged(server->wake));
    assert_false(overlap_flagged(server->listener));
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static off_t size_of(int fd)
{
    struct stat status;

    assert_int_equal(fstat(fd, &status), 0);
    return status.st_size;
}

/* A file of the program's comes to have this number, without a sign. */
static void becomes_a_file(int fd)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), fd), fd);
    fclose(file);
}

static bool is_hung_up(int client)
{
    char byte;

    return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
}

static void handed_over(void **state)
{
    struct server server;
    char bytes[TRIAL_SAID + 1];

    (void)state;
    begin(&server);
    assert_true(overlap_close(server.connection, true));
    assert_int_equal(overlap_accept(server.wake, false), OVERLAP_NOT);
    assert_int_equal(overlap_accept(server.wake, true), server.connection);
    assert_int_equal(overlap_accept(server.wake, true), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(overlap_swallow(server.connection, 100), WIRE_GREETING);
    assert_int_equal(overlap_replay(server.connection, bytes, sizeof bytes), TRIAL_SAID);
    close_as_libzmq(server.connection);
    assert_false(is_open(server.connection));
    end(&server);
    assert_false(is_open(server.wake));
    assert_int_equal(lines, 0);
}

static void the_program_closes_what_it_does_not_know(void **state)
{
    struct server server;
    int client, other;

    (void)state;
    begin(&server);
    other = said_hello(server.listener, &client);
    /* Its own number stays what it was, and is waited on. */
    assert_true(overlap_close(server.wake, false));
    assert_true(overlap_close(server.connection, true));
    assert_int_equal(overlap_accept(server.wake, true), server.connection);
    /* A connection that waits, and one that has been accepted. */
    assert_true(overlap_close(other, true));
    assert_false(overlap_close(other, false));
    assert_false(overlap_close(server.connection, false));
    assert_int_equal(overlap_accept(server.wake, true), -1);
    close(client);
    close(other);
    close(server.connection);
    end(&server);
    assert_int_equal(lines, 0);
}

static void one_that_waits_is_replaced(void **state)
{
    struct server server;
    int client, other;

    (void)state;
    begin(&server);
    other = said_hello(server.listener, &client);
    assert_true(overlap_close(server.connection, true));
    assert_true(overlap_close(other, true));
    becomes_a_file(server.connection);
    overlap_born(server.connection, false);
    assert_false(overlap_flagged(server.connection));
    assert_int_equal(overlap_accept(server.wake, true), other);
    assert_int_equal(overlap_accept(server.wake, true), -1);
    close_as_libzmq(other);
    close(client);
    assert_true(is_open(server.connection));
    close(server.connection);
    end(&server);
}

static void one_that_waits_is_replaced_without_a_sign(void **state)
{
    struct server server;

    (void)state;
    begin(&server);
    assert_true(overlap_close(server.connection, true));
    becomes_a_file(server.connection);
    assert_int_equal(overlap_accept(server.wake, true), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(is_open(server.connection));
    assert_false(overlap_flagged(server.connection));
    close(server.connection);
    end(&server);
}

static void one_that_is_accepted_is_replaced_without_a_sign(void **state)
{
    struct server server;
    char bytes[10];

    (void)state;
    begin(&server);
    assert_true(overlap_close(server.connection, true));
    assert_int_equal(overlap_accept(server.wake, true), server.connection);
    becomes_a_file(server.connection);
    assert_int_equal(overlap_replay(server.connection, bytes, sizeof bytes), 0);
    assert_int_equal(overlap_swallow(server.connection, sizeof bytes), 0);
    assert_false(overlap_flagged(server.connection));
    close(server.connection);
    end(&server);
}

/* The wake descriptor's number is a file of the program's: nothing is written to it, and libzmq
 * does not close it. */
static void check_wake_is_lost(struct server *server)
{
    assert_false(overlap_close(server->connection, true));
    assert_int_equal(lines, 1);
    assert_int_equal(overlap_accept(server->wake, true), -1);
    assert_int_equal(overlap_accept(server->wake, false), OVERLAP_NOT);
    assert_int_equal(size_of(server->wake), 0);
    close(server->connection);
    /* It knows no new ones. */
    server->connection = said_hello(server->listener, &server->client);
    assert_false(overlap_flagged(server->connection));
    close(server->connection);
    assert_true(overlap_close(server->wake, true));
    assert_true(is_open(server->wake));
    assert_false(overlap_flagged(server->wake));
    assert_int_equal(lines, 1);
    close(server->wake);
    end(server);
}

static void the_wake_descriptor_is_replaced(void **state)
{
    struct server server;

    (void)state;
    begin(&server);
    becomes_a_file(server.wake);
    overlap_born(server.wake, false);
    check_wake_is_lost(&server);
}

static void the_wake_descriptor_is_replaced_without_a_sign(void **state)
{
    struct server server;

    (void)state;
    begin(&server);
    becomes_a_file(server.wake);
    check_wake_is_lost(&server);
}

static void it_is_lost_while_one_waits(void **state)
{
    struct server server;

    (void)state;
    assert_int_equal(overlap_look(), -1);
    begin(&server);
    assert_true(overlap_close(server.connection, true));
    assert_true(overlap_look() > 0);
    close(server.wake);
    assert_false(is_hung_up(server.client));
    assert_int_equal(overlap_look(), 0);
    assert_true(is_hung_up(server.client));
    assert_false(is_open(server.connection));
    assert_true(overlap_look() > 0);
    assert_int_equal(lines, 1);
    /* The program's own, under that number, is its own to close. */
    becomes_a_file(server.wake);
    assert_false(overlap_close(server.wake, false));
    end(&server);
}

/* Of libzmq itself: it closes the number for that one, or for the listener that is lost. */
static void its_number_is_used_by_libzmq(void **state)
{
    struct server server;

    (void)state;
    begin(&server);
    becomes_a_file(server.wake);
    overlap_born(server.wake, true);
    assert_int_equal(lines, 1);
    assert_false(overlap_flagged(server.wake));
    close_as_libzmq(server.connection);
    end(&server);
}

static void its_number_is_used_by_the_next(void **state)
{
    struct server first, second;

    (void)state;
    begin(&first);
    close(first.wake);
    begin(&second);
    assert_int_not_equal(first.wake, second.wake);
    assert_false(overlap_close(first.connection, true));
    assert_true(overlap_close(second.connection, true));
    close(first.connection);
    end(&first);
    assert_false(is_open(first.wake));
    assert_int_equal(overlap_accept(second.wake, true), second.connection);
    close_as_libzmq(second.connection);
    end(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handed_over),
        cmocka_unit_test(the_program_closes_what_it_does_not_know),
        cmocka_unit_test(one_that_waits_is_replaced),
        cmocka_unit_test(one_that_waits_is_replaced_without_a_sign),
        cmocka_unit_test(one_that_is_accepted_is_replaced_without_a_sign),
        cmocka_unit_test(the_wake_descriptor_is_replaced),
        cmocka_unit_test(the_wake_descriptor_is_replaced_without_a_sign),
        cmocka_unit_test(it_is_lost_while_one_waits),
        cmocka_unit_test(its_number_is_used_by_libzmq),
        cmocka_unit_test(its_number_is_used_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
