#include "certs/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "certs/wipe.h"

#define USUAL_SIZE 4096 /* of a certificate, at the most */

static int fail_to_open(const char *file, int code, unsigned need, struct cert_error *error)
{
    if (code == EACCES && need & CERT_NEED_SECRET)
        return cert_fail(error, code,
                         "%s: %s: make it readable for uid %lu, and for nobody else (a Kubernetes "
                         "Secret: with defaultMode: 0440 and fsGroup)",
                         file, strerror(code), (unsigned long)geteuid());
    return cert_fail(error, code, "%s: %s", file, strerror(code));
}

/* The library's hook of close would take the number for one of the process's (apart.h); so would
 * its hook of read, in the place of which there is pread. */
static void close_unseen(int fd)
{
    syscall(SYS_close, fd);
}

static int open_regular(int dirfd, const char *name, const char *file, struct stat *status,
                        unsigned need, struct cert_error *error)
{
    /* O_NONBLOCK: a FIFO put in the place of a certificate must not hang the agent. */
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return fail_to_open(file, errno, need, error);
    if (fstat(fd, status) != 0)
        cert_fail(error, errno, "%s: %s", file, strerror(errno));
    else if (!S_ISREG(status->st_mode))
        cert_fail(error, EINVAL, "%s: not a regular file", file);
    else if (status->st_size > CERT_FILE_MAX)
        cert_fail(error, EINVAL, "%s: too large for a certificate (%d bytes at most)", file,
                  CERT_FILE_MAX);
    else
        return fd;
    close_unseen(fd);
    return -1;
}

/* expected: the file's size; where that much was read, there is no need to ask for more. */
static int read_all(int fd, char *buffer, size_t size, off_t expected, size_t *length)
{
    *length = 0;
    while (*length < size && (*length == 0 || *length != (size_t)expected)) {
        ssize_t n = pread(fd, buffer + *length, size - *length, (off_t)*length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        *length += (size_t)n;
    }
    return 0;
}

/* What mends the mode of a secret file: on a read-only mount, whoever mounts it. */
static void secret_remedy(char *text, size_t size, const char *file, bool read_only)
{
    if (read_only)
        snprintf(text, size,
                 "mount it with mode 0400 and the program's uid (Docker: uid, mode), or with mode "
                 "0440 and a group of the program's (Kubernetes: defaultMode: 0440, fsGroup)");
    else
        snprintf(text, size, "run chmod 600 %s", file);
}

static int check_secret_mode(const struct stat *status, const char *file, bool read_only,
                             unsigned need, struct cert_error *error)
{
    char remedy[2048];
    mode_t loose = status->st_mode & (S_IRWXO | S_IRWXG);

    if (status->st_uid == 0)
        loose &= (mode_t)~S_IRGRP;
    if ((loose & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) == 0)
        return 0;
    secret_remedy(remedy, sizeof remedy, file, read_only);
    cert_fail(error, EPERM,
              "%s: others can %s this secret key (mode %04o): %s, or where the mode can't be "
              "changed set SECURE_ZMQ_PERMISSIONS=warn",
              file, loose & (S_IRGRP | S_IROTH) ? "read" : "write", status->st_mode & 07777,
              remedy);
    return need & CERT_PERMISSIONS_WARN ? 1 : -1;
}

static int check_public_mode(const struct stat *status, const char *file, bool read_only,
                             struct cert_error *error)
{
    if (!(status->st_mode & S_IWOTH) || read_only)
        return 0;
    return cert_fail(error, EPERM,
                     "%s: others can write this certificate (mode %04o): run chmod o-w %s", file,
                     status->st_mode & 07777, file);
}

/* A page that is kept for the next secret file: to map and to lock a new one takes longer than all
 * the rest of reading it. NULL while it is in use. */
static char *spare;

/* Not on the stack: agents call from threads with small ones. Pages of its own can be locked
 * without unlocking what the program locked. */
static char *take_buffer(size_t size, bool secret)
{
    char *text;

    if (!secret)
        return malloc(size);
    text = size == USUAL_SIZE ? __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQUIRE) : NULL;
    if (text == NULL)
        text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED)
        return NULL;
    /* The spare one too: forked children have it without its lock, and munlockall takes it. */
    mlock(text, size);
    return text;
}

static void return_buffer(char *text, size_t size, size_t used, bool secret)
{
    wipe(text, used);
    if (!secret) {
        free(text);
        return;
    }
    if (size == USUAL_SIZE)
        text = __atomic_exchange_n(&spare, text, __ATOMIC_ACQ_REL);
    if (text != NULL)
        munmap(text, size);
}

/* What a file holds. Certificates are small, and to lock and to clear pages takes longer than to
 * read them: room for the largest is only taken where the file may need it. */
static char *take_contents(int fd, off_t expected, bool secret, size_t *size, size_t *length)
{
    const size_t most = CERT_FILE_MAX + 1;
    char *text;
    int result, saved;

    for (*size = expected < USUAL_SIZE ? USUAL_SIZE : most;; *size = most) {
        text = take_buffer(*size, secret);
        if (text == NULL) {
            errno = ENOMEM;
            return NULL;
        }
        result = read_all(fd, text, *size, expected, length);
        if (result == 0 && (*length < *size || *size == most))
            return text;
        saved = errno;
        return_buffer(text, *size, *length, secret);
        errno = saved;
        /* It has grown, or the file system does not know how large it is. */
        if (result != 0)
            return NULL;
    }
}

static int read_one(struct certificate *certificate, int dirfd, const char *name, const char *file,
                    unsigned need, struct cert_error *error)
{
    const mode_t questionable = need & CERT_NEED_SECRET ? S_IRWXG | S_IRWXO : S_IWOTH;
    const bool secret = need & CERT_NEED_SECRET;
    size_t size = 0, length = 0;
    struct statvfs mount;
    struct stat status = {0};
    bool read_only;
    char *text;
    int fd, result;

    fd = open_regular(dirfd, name, file, &status, need, error);
    if (fd < 0)
        return -1;
    file_stamp_take(&certificate->stamp, &status);
    text = take_contents(fd, status.st_size, secret, &size, &length);
    if (text == NULL) {
        cert_fail(error, errno, "%s: %s", file,
                  errno == ENOMEM ? "out of memory" : strerror(errno));
        close_unseen(fd);
        return -1;
    }
    if (length > CERT_FILE_MAX)
        result = cert_fail(error, EINVAL, "%s: too large for a certificate (%d bytes at most)",
                           file, CERT_FILE_MAX);
    else
        result = certificate_parse(certificate, text, length, file, error);
    read_only =
        (status.st_mode & questionable) && fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY);
    close_unseen(fd);
    return_buffer(text, size, length, secret);
    if (result == 0 && (need & CERT_NEED_PUBLIC) && !certificate->has_public)
        result = cert_fail(error, EINVAL, "%s: there is no public-key in a section 'curve'", file);
    if (result == 0 && (need & CERT_NEED_SECRET) && certificate->has_secret)
        result = check_secret_mode(&status, file, read_only, need, error);
    else if (result == 0)
        result = check_public_mode(&status, file, read_only, error);
    if (result != 0 || read_only)
        certificate->stamp.usable = false;
    return result;
}

int certificate_read(struct certificate *certificate, int dirfd, const char *name, const char *file,
                     unsigned need, struct cert_error *error)
{
    char secret_name[2048], secret_file[2048];
    struct stat status;
    int result;

    certificate->pool_used = 0;
    result = read_one(certificate, dirfd, name, file, need, error);
    if (result >= 0 && (need & CERT_NEED_SECRET) && !certificate->has_secret) {
        size_t needed = (size_t)snprintf(secret_name, sizeof secret_name, "%s_secret", name);

        snprintf(secret_file, sizeof secret_file, "%s_secret", file);
        if (needed < sizeof secret_name && fstatat(dirfd, secret_name, &status, 0) == 0) {
            file = secret_file;
            result = read_one(certificate, dirfd, secret_name, file, need, error);
        }
        certificate->stamp.usable = false;
        if (result >= 0 && !certificate->has_secret)
            result =
                cert_fail(error, EINVAL, "%s: there is no secret-key in a section 'curve'", file);
    }
    if (result < 0)
        certificate_wipe(certificate);
    return result;
}

int certificate_directory_check(const char *path, bool must_be_ours, struct cert_error *error)
{
    struct statvfs mount;
    struct stat status;
    mode_t loose;

    if (stat(path, &status) != 0)
        return cert_fail(error, errno, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return cert_fail(error, ENOTDIR, "%s: not a directory", path);
    if (must_be_ours && status.st_uid != 0 && status.st_uid != geteuid())
        return cert_fail(error, EPERM,
                         "%s: found in the working directory, but owned by neither root nor this "
                         "user (uid %lu): set SECURE_ZMQ_CERTS to the directory that you trust",
                         path, (unsigned long)geteuid());
    loose = status.st_mode & (status.st_uid == 0 ? S_IWOTH : S_IWOTH | S_IWGRP);
    if (loose == 0)
        return 0;
    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_RDONLY))
        return 0;
    return cert_fail(error, EPERM,
                     "%s: others can write this directory (mode %04o): run chmod go-w %s", path,
                     status.st_mode & 07777, path);
}
