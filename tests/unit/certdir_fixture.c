#include "tests/unit/certdir_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/log.h"

#define NOBODY 65534

struct certdir directory;
struct cert_error error;
int64_t now;

static char base[64], certs[80], log_path[80];
static struct config config;
static int base_fd = -1, certs_fd = -1;

int certdir_setup(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    umask(022);
    if (parent == NULL || strlen(parent) > 40)
        parent = "/tmp";
    snprintf(base, sizeof base, "%s/certdir.XXXXXX", parent);
    if (mkdtemp(base) == NULL || chmod(base, 0755) != 0)
        return -1;
    snprintf(certs, sizeof certs, "%s/certs", base);
    snprintf(log_path, sizeof log_path, "%s/log", base);
    base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base_fd < 0 || mkdir(certs, 0755) != 0)
        return -1;
    certs_fd = open(certs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    config.sink = CONFIG_FILE;
    config.log_path = log_path;
    config.log_level = EVENT_DEBUG;
    log_start(&config);
    put_file("../log", "", 0);
    set_mode("../log", 0666);
    memset(&directory, 0, sizeof directory);
    memset(&error, 0, sizeof error);
    directory.path = certs;
    now = 1000;
    return certs_fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

int certdir_teardown(void **state)
{
    (void)state;
    regain_privileges();
    close(certs_fd);
    /* An empty directory in the place of the first forgets, and frees, every file. */
    (void)nftw(certs, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (mkdir(certs, 0755) != 0)
        return -1;
    scan();
    table_free(&directory.files);
    table_free(&directory.keys);
    close(base_fd);
    return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void put_file(const char *name, const char *text, size_t length)
{
    int fd = openat(certs_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    close(fd);
}

static void make_key(uint8_t key[KEY_BYTES], int number)
{
    memset(key, 0x5a, KEY_BYTES);
    memcpy(key, &number, sizeof number);
}

void put_key(const char *name, int number, const char *metadata)
{
    uint8_t key[KEY_BYTES];
    char z85[KEY_Z85 + 1], text[4096];

    make_key(key, number);
    z85_encode_key(z85, key);
    snprintf(text, sizeof text, "metadata\n%scurve\n    public-key = \"%s\"\n", metadata, z85);
    put_file(name, text, strlen(text));
}

void put_link(const char *name, const char *target)
{
    assert_int_equal(symlinkat(target, certs_fd, name), 0);
}

void move_file(const char *from, const char *to)
{
    assert_int_equal(renameat(certs_fd, from, certs_fd, to), 0);
}

void remove_path(const char *name)
{
    if (unlinkat(certs_fd, name, 0) != 0)
        assert_int_equal(unlinkat(certs_fd, name, AT_REMOVEDIR), 0);
}

void make_directory(const char *name, unsigned mode)
{
    assert_int_equal(mkdirat(certs_fd, name, 0755), 0);
    set_mode(name, mode);
}

void set_mode(const char *name, unsigned mode)
{
    assert_int_equal(fchmodat(certs_fd, name, mode, 0), 0);
}

void scan(void)
{
    if (certdir_scan(&directory, now, &error) != 0)
        fail_msg("scan: %s", error.text);
}

void scan_fails(int code)
{
    assert_int_equal(certdir_scan(&directory, now, &error), -1);
    assert_int_equal(error.code, code);
    assert_int_equal(strncmp(error.text, certs, strlen(certs)), 0);
}

const char *holder(int number)
{
    const struct certdir_file *file;
    uint8_t key[KEY_BYTES];

    make_key(key, number);
    file = certdir_find(&directory, key);
    return file == NULL ? NULL : file->policy->name;
}

unsigned logged(const char *text)
{
    FILE *file = fopen(log_path, "r");
    char line[EVENT_LINE_MAX + 1];
    unsigned count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, text) != NULL;
    fclose(file);
    return count;
}

bool drop_privileges(void)
{
    return geteuid() != 0 || seteuid(NOBODY) == 0;
}

void regain_privileges(void)
{
    if (getuid() == 0)
        (void)!seteuid(0);
}
