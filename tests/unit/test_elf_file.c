#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "shim/elf_file.h"

/* Where the linker found a library that this test is linked to. */
static const char *file_of(const char *part)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");
    const char *found = NULL;

    assert_non_null(maps);
    while (found == NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, part) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            found = strchr(line, '/');
        }
    fclose(maps);
    return found;
}

static void tells_what_needs_it(void **state)
{
    (void)state;
    assert_true(elf_file_needs_zmq("libzmq.so.5"));
    assert_true(elf_file_needs_zmq(file_of("/libzmq.so")));
    assert_false(elf_file_needs_zmq(file_of("/libcmocka.so")));
    assert_false(elf_file_needs_zmq("/nonexistent/library.so"));
    assert_false(elf_file_needs_zmq("/etc/passwd"));
}

static void what_cannot_be_looked_at_may_need_it(void **state)
{
    struct rlimit limit, none;
    char file[512];

    (void)state;
    snprintf(file, sizeof file, "%s", file_of("/libcmocka.so"));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_true(elf_file_needs_zmq(file));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(elf_file_needs_zmq(file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_needs_it),
        cmocka_unit_test(what_cannot_be_looked_at_may_need_it),
    };
    int major, minor, patch;

    zmq_version(&major, &minor, &patch);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
