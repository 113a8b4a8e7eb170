#include "certs/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *slurp(int fd, const char *path, size_t *length, struct cert_error *error)
{
    struct stat status;
    ssize_t n = 1;
    char *text;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > TEXT_FILE_MAX) {
        cert_fail(error, EINVAL, "%s: not a regular file of at most %d bytes: replace it", path,
                  TEXT_FILE_MAX);
        return NULL;
    }
    if (status.st_mode & S_IWOTH) {
        cert_fail(error, EPERM, "%s: others can write this file: run chmod o-w %s", path, path);
        return NULL;
    }
    text = malloc(TEXT_FILE_MAX);
    if (text == NULL)
        cert_fail(error, ENOMEM, "%s: out of memory", path);
    for (*length = 0; text != NULL && n > 0 && *length < TEXT_FILE_MAX; *length += (size_t)n) {
        n = read(fd, text + *length, TEXT_FILE_MAX - *length);
        if (n < 0) {
            cert_fail(error, errno, "%s: %s", path, strerror(errno));
            free(text);
            return NULL;
        }
    }
    return text;
}

char *text_file_read(int dirfd, const char *name, const char *directory, size_t *length,
                     struct cert_error *error)
{
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char path[PATH_MAX], *text;

    snprintf(path, sizeof path, "%s%s%s", directory, directory[0] != '\0' ? "/" : "", name);
    if (fd < 0) {
        cert_fail(error, errno, "%s: %s%s", path, strerror(errno),
                  errno == ENOENT ? "" : ": make it readable");
        return NULL;
    }
    text = slurp(fd, path, length, error);
    close(fd);
    return text;
}
