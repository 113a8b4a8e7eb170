#include "certs/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFIX ".curveshim-cert-"
#define SUFFIX ".tmp"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* The names are seen by whoever watches for *.key: keep clear of that. */
static void temporary_name(char name[WRITE_TEMPORARY])
{
    uint64_t random;

    randombytes_buf(&random, sizeof random);
    snprintf(name, WRITE_TEMPORARY, PREFIX "%016" PRIx64 SUFFIX, random);
}

static int fail(struct cert_error *error, const char *directory, const char *name)
{
    int code = errno;

    if (directory[0] == '\0')
        return cert_fail(error, code, "%s: %s", name, strerror(code));
    return cert_fail(error, code, "%s/%s: %s", directory, name, strerror(code));
}

int write_sync(int dirfd, const char *directory, struct cert_error *error)
{
    /* Some network file systems can't, and say so. */
    if (fsync(dirfd) != 0 && errno != EINVAL && errno != EBADF)
        return cert_fail(error, errno, "%s: %s", directory, strerror(errno));
    return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

static int set_owner(int fd, const struct owner *owner)
{
    return owner != NULL && owner->set ? fchown(fd, owner->uid, owner->gid) : 0;
}

static int rename_no_replace(int dirfd, const char *from, const char *to)
{
#ifdef SYS_renameat2
    if (syscall(SYS_renameat2, dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
#endif
    if (linkat(dirfd, from, dirfd, to, 0) != 0)
        return -1;
    return unlinkat(dirfd, from, 0);
}

static int fill(int fd, const char *text, size_t length, mode_t mode, const struct owner *owner)
{
    /* The owner before the mode: until then only this process's user can read it. */
    if (write_all(fd, text, length) != 0 || set_owner(fd, owner) != 0 || fchmod(fd, mode) != 0)
        return -1;
    return fsync(fd);
}

int write_file(int dirfd, const char *directory, const char *name, const char *text, size_t length,
               mode_t mode, enum write_how how, const struct owner *owner, struct cert_error *error)
{
    char temporary[WRITE_TEMPORARY];
    int fd, result;

    temporary_name(temporary);
    fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, directory, name);
    result = fill(fd, text, length, mode, owner);
    if (result == 0)
        result = how == WRITE_NEW ? rename_no_replace(dirfd, temporary, name)
                                  : renameat(dirfd, temporary, dirfd, name);
    if (result != 0) {
        fail(error, directory, name);
        unlinkat(dirfd, temporary, 0);
    }
    close(fd);
    return result != 0 ? -1 : write_sync(dirfd, directory, error);
}

/* umask may have taken bits away at creation. */
static int finish_directory(int dirfd, const char *name, const struct owner *owner)
{
    int result, fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -1;
    result = set_owner(fd, owner) != 0 || fchmod(fd, 0755) != 0 ? -1 : fd;
    if (result < 0)
        close(fd);
    return result;
}

int write_directory(int dirfd, const char *directory, const char *name, const struct owner *owner,
                    struct cert_error *error)
{
    int fd;

    if (mkdirat(dirfd, name, 0755) != 0)
        return errno == EEXIST ? 0 : fail(error, directory, name);
    fd = finish_directory(dirfd, name, owner);
    if (fd < 0)
        return fail(error, directory, name);
    close(fd);
    return write_sync(dirfd, directory, error) == 0 ? 1 : -1;
}

int write_directories(const char *path, const struct owner *owner, struct cert_error *error)
{
    char parent[PATH_MAX];

    if (strlen(path) >= sizeof parent)
        return cert_fail(error, ENAMETOOLONG, "%s: the path is too long", path);
    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        struct stat status;

        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(parent, path, i);
        parent[i] = '\0';
        if (stat(parent, &status) != 0 && write_directory(AT_FDCWD, "", parent, owner, error) < 0)
            return -1;
    }
    return 0;
}

int write_directory_start(int dirfd, const char *directory, char *temporary, int *made,
                          const struct owner *owner, struct cert_error *error)
{
    temporary_name(temporary);
    if (mkdirat(dirfd, temporary, 0755) != 0)
        return fail(error, directory, temporary);
    *made = finish_directory(dirfd, temporary, owner);
    if (*made >= 0)
        return 0;
    fail(error, directory, temporary);
    unlinkat(dirfd, temporary, AT_REMOVEDIR);
    return -1;
}

int write_directory_finish(int dirfd, const char *directory, const char *temporary,
                           const char *name, struct cert_error *error)
{
    struct stat status;

    /* Without RENAME_NOREPLACE, rename(2) still refuses a directory that has something in it. */
    if (fstatat(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return fail(error, directory, name);
    }
    if (renameat(dirfd, temporary, dirfd, name) != 0)
        return fail(error, directory, name);
    return write_sync(dirfd, directory, error);
}

int write_remove(int dirfd, const char *directory, const char *name, struct cert_error *error)
{
    if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
        return fail(error, directory, name);
    return write_sync(dirfd, directory, error);
}

int write_rename(int dirfd, const char *directory, const char *from, const char *to,
                 struct cert_error *error)
{
    if (renameat(dirfd, from, dirfd, to) != 0)
        return fail(error, directory, from);
    return write_sync(dirfd, directory, error);
}

static bool is_temporary(const char *name)
{
    size_t length = strlen(name);

    return length == strlen(PREFIX) + 16 + strlen(SUFFIX) &&
           strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
           strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static void empty_directory(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL)
        unlinkat(fd, entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    else if (fd >= 0)
        close(fd);
}

void write_directory_drop(int dirfd, const char *temporary)
{
    empty_directory(dirfd, temporary);
    unlinkat(dirfd, temporary, AT_REMOVEDIR);
}

void write_sweep(int dirfd)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (is_temporary(entry->d_name) && unlinkat(dirfd, entry->d_name, 0) != 0)
            write_directory_drop(dirfd, entry->d_name);
    }
    if (list != NULL)
        closedir(list);
    else if (fd >= 0)
        close(fd);
}
