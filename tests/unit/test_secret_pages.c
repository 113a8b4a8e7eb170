#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/secret_pages.h"

/* Whether a child process lives on after it has looked at that address. */
static bool can_be_read(const volatile char *address)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        (void)*address;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_flag(const void *address, const char *flag)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    unsigned long start, end, wanted = (unsigned long)(uintptr_t)address;
    bool here = false, found = false;
    char line[512];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            here = wanted >= start && wanted < end;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    fclose(file);
    return found;
}

static void they_end_at_a_guard(void **state)
{
    char *memory = secret_pages_take(100);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_non_null(memory);
    assert_true(can_be_read(memory + 99));
    assert_false(can_be_read(memory + 100));
    assert_true(can_be_read(memory + 100 - page));
    assert_false(can_be_read(memory + 99 - page));
    assert_true(secret_pages_give(memory));
}

static void they_are_locked_and_not_dumped(void **state)
{
    char *memory = secret_pages_take(32);

    (void)state;
    assert_true(has_flag(memory, " dd"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which lock nothing */
    assert_true(has_flag(memory, " lo"));
#endif
    assert_true(secret_pages_give(memory));
}

static void what_was_given_back_is_gone(void **state)
{
    char *memory = secret_pages_take(64), *again;

    (void)state;
    memcpy(memory, "a secret", 8);
    assert_true(secret_pages_give(memory));
    assert_false(can_be_read(memory));
    again = secret_pages_take(32);
    assert_ptr_equal(again, memory + 32);
    for (char *at = memory; at < again; at++)
        assert_int_equal(*at, 0);
    assert_true(secret_pages_give(again));
}

static void children_have_no_copy(void **state)
{
    char *memory = secret_pages_take(8);
    pid_t pid;
    int status;

    (void)state;
    memcpy(memory, "a secret", 8);
    pid = fork();
    if (pid == 0)
        _exit(memcmp(memory, "\0\0\0\0\0\0\0\0", 8) != 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_memory_equal(memory, "a secret", 8);
    assert_true(secret_pages_give(memory));
}

static void there_are_so_many(void **state)
{
    void *all[SECRET_PAGES];

    (void)state;
    for (size_t i = 0; i < SECRET_PAGES; i++)
        assert_non_null(all[i] = secret_pages_take(16));
    errno = 5;
    assert_null(secret_pages_take(16));
    assert_int_equal(errno, 5);
    assert_true(secret_pages_give(all[3]));
    assert_ptr_equal(secret_pages_take(16), all[3]);
    for (size_t i = 0; i < SECRET_PAGES; i++)
        assert_true(secret_pages_give(all[i]));
}

static void others_are_not_theirs(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char other[16];

    (void)state;
    assert_null(secret_pages_take(0));
    assert_null(secret_pages_take(page + 1));
    assert_false(secret_pages_give(other));
    assert_true(secret_pages_give(secret_pages_take(page)));
}

static void *take_and_give(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        char *memory = secret_pages_take(24);

        if (memory == NULL)
            continue; /* the others have them all */
        memset(memory, *(const char *)argument, 24);
        for (int j = 0; j < 24; j++)
            if (memory[j] != *(const char *)argument)
                return argument;
        secret_pages_give(memory);
    }
    return NULL;
}

static void threads_have_their_own(void **state)
{
    enum { THREADS = 12 };
    char marks[THREADS];
    pthread_t threads[THREADS];
    void *failed;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        marks[i] = (char)i;
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &marks[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_end_at_a_guard),
        cmocka_unit_test(they_are_locked_and_not_dumped),
        cmocka_unit_test(what_was_given_back_is_gone),
        cmocka_unit_test(children_have_no_copy),
        cmocka_unit_test(there_are_so_many),
        cmocka_unit_test(others_are_not_theirs),
        cmocka_unit_test(threads_have_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
