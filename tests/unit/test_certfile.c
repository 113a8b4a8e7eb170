#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs/certificate.h"

#define KEYS                                                                                       \
    "curve\n  public-key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"\n"                         \
    "  secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n"

static struct certificate certificate;
static struct cert_error error;

/* A file of that size whose keys come last. */
static int read_of_size(size_t size, unsigned need)
{
    char path[] = "/tmp/curveshim-certfile-XXXXXX";
    int fd = mkstemp(path), result;

    assert_true(fd >= 0);
    for (size_t left = size - strlen(KEYS); left > 0; left--)
        assert_int_equal(write(fd, "\n", 1), 1);
    assert_int_equal(write(fd, KEYS, strlen(KEYS)), strlen(KEYS));
    close(fd);
    result = certificate_read(&certificate, AT_FDCWD, path, "f", need, &error);
    unlink(path);
    return result;
}

static void files_are_read_to_their_ends(void **state)
{
    static const size_t sizes[] = {200, 4095, 4096, 4097, 8192, CERT_FILE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(read_of_size(sizes[i], CERT_NEED_PUBLIC | CERT_NEED_SECRET), 0);
        assert_true(certificate.has_public && certificate.has_secret);
        assert_int_equal(read_of_size(sizes[i], CERT_NEED_PUBLIC), 0);
    }
}

static void larger_ones_are_refused(void **state)
{
    (void)state;
    assert_int_equal(read_of_size(CERT_FILE_MAX + 1, CERT_NEED_PUBLIC), -1);
    assert_string_equal(error.text, "f: too large for a certificate (65536 bytes at most)");
}

/* As on file systems that say of no file how large it is. */
static void sizes_are_not_believed(void **state)
{
    (void)state;
    assert_int_equal(certificate_read(&certificate, AT_FDCWD, "/proc/kallsyms", "f", 0, &error),
                     -1);
    assert_string_equal(error.text, "f: too large for a certificate (65536 bytes at most)");
}

/* VmLck of this process in KiB; -1 where the kernel does not tell. */
static long locked(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long found = -1;

    while (status != NULL && found < 0 && fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "VmLck: %ld", &found);
    if (status != NULL)
        fclose(status);
    return found;
}

/* Locks are not inherited, and a program may take all of its own back. */
static void what_is_kept_is_locked_again(void **state)
{
    int status = -1;
    pid_t child;

    (void)state;
    assert_int_equal(read_of_size(200, CERT_NEED_PUBLIC | CERT_NEED_SECRET), 0);
    if (locked() <= 0)
        skip(); /* this user may lock nothing */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(locked() != 0                                                 ? 1
              : read_of_size(200, CERT_NEED_PUBLIC | CERT_NEED_SECRET) != 0 ? 2
              : locked() <= 0                                               ? 3
                                                                            : 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(munlockall(), 0);
    assert_int_equal(read_of_size(200, CERT_NEED_PUBLIC | CERT_NEED_SECRET), 0);
    assert_true(locked() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_to_their_ends),
        cmocka_unit_test(larger_ones_are_refused),
        cmocka_unit_test(sizes_are_not_believed),
        cmocka_unit_test(what_is_kept_is_locked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
