#include "tests/unit/unit.h"

#include <string.h>

#include "shim/connection_label.h"

static void written_and_read_again(void **state)
{
    static const struct {
        int fd;
        uint64_t id;
    } cases[] = {{0, 0}, {7, 1}, {0xfffff, 0xffffffffffff}, {4711, 0x123456789a}};
    char address[100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t id = 99;
        int fd = -1;

        connection_label_write(address, cases[i].fd, cases[i].id);
        assert_int_equal(strlen(address), CONNECTION_LABEL);
        strcat(address, "::ffff:192.0.2.1");
        assert_true(connection_label_read(address, &fd, &id));
        assert_int_equal(fd, cases[i].fd);
        assert_true(id == cases[i].id);
        assert_string_equal(connection_label_skip(address), "::ffff:192.0.2.1");
        assert_int_equal(connection_label_size(address, strlen(address)), CONNECTION_LABEL);
        assert_int_equal(connection_label_size(address, CONNECTION_LABEL), CONNECTION_LABEL);
        assert_int_equal(connection_label_size(address, CONNECTION_LABEL - 1), 0);
    }
}

static void what_is_no_label(void **state)
{
    static const char *const others[] = {
        "",
        "127.0.0.1",
        "localhost:0:0:1",
        "curveshim/00007/000000000001",
        "curveshim/0000g/000000000001/127.0.0.1",
        "curveshim/0000A/000000000001/127.0.0.1",
        "curveshim/00007-000000000001/127.0.0.1",
        "curveshim/00007/00000000000 /127.0.0.1",
        "curveshim/00007/0000000000001/127.0.0.1",
        "Curveshim/00007/000000000001/127.0.0.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        uint64_t id;
        int fd;

        assert_false(connection_label_read(others[i], &fd, &id));
        assert_ptr_equal(connection_label_skip(others[i]), others[i]);
        assert_int_equal(connection_label_size(others[i], strlen(others[i])), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read_again),
        cmocka_unit_test(what_is_no_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
