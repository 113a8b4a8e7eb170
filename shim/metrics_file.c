#include "shim/metrics_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_directory(const char *directory)
{
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int close_with(int fd, int result)
{
    int saved = errno;

    close(fd);
    errno = saved;
    return result;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

/* The directory may be everybody's: nothing that is there already is written to. */
static int create(int directory, const char *name)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(directory, name, flags, 0644);

    if (fd < 0 && errno == EEXIST && unlinkat(directory, name, 0) == 0)
        fd = openat(directory, name, flags, 0644);
    return fd;
}

static int replace(int directory, const char *name, const char *text, size_t length)
{
    char temporary[METRICS_NAME + sizeof METRICS_TEMPORARY];
    int fd, result;

    snprintf(temporary, sizeof temporary, "%s" METRICS_TEMPORARY, name);
    fd = create(directory, temporary);
    if (fd < 0)
        return -1;
    result = write_all(fd, text, length);
    if (result == 0)
        result = fchmod(fd, 0644); /* whatever the umask is */
    result = close_with(fd, result);
    if (result == 0)
        result = renameat(directory, temporary, directory, name);
    if (result != 0) {
        int saved = errno;

        unlinkat(directory, temporary, 0);
        errno = saved;
    }
    return result;
}

int metrics_file_write(const char *directory, const struct metrics_self *self, const char *text,
                       size_t length)
{
    char name[METRICS_NAME];
    int fd = open_directory(directory);

    if (fd < 0)
        return -1;
    metrics_name(name, self->host, &self->owner);
    return close_with(fd, replace(fd, name, text, length));
}

int metrics_file_touch(const char *directory, const struct metrics_self *self)
{
    char name[METRICS_NAME];
    int fd = open_directory(directory);

    if (fd < 0)
        return -1;
    metrics_name(name, self->host, &self->owner);
    return close_with(fd, utimensat(fd, name, NULL, AT_SYMLINK_NOFOLLOW));
}

/* When a file was last written or touched; false if it is no plain file. *same: its first line says
 * that it comes from where this process is. */
static bool look_at(int directory, const char *name, const struct metrics_self *self, time_t *at,
                    bool *same)
{
    char head[METRICS_COMMENT + 4] = "";
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    bool plain;

    if (fd < 0)
        return false;
    plain = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (plain && read(fd, head, sizeof head - 1) < 0)
        head[0] = '\0';
    close(fd);
    head[strcspn(head, "\n")] = '\0';
    *at = status.st_mtime;
    *same = self->comparable && strncmp(head, "# ", 2) == 0 && strcmp(head + 2, self->comment) == 0;
    return plain;
}

static bool is_left_behind(int directory, const char *name, const struct metrics_self *self,
                           time_t now)
{
    struct metrics_owner owner;
    time_t at;
    bool same;

    if (!metrics_name_parse(&owner, name, self->host) ||
        (owner.pid == self->owner.pid && owner.start == self->owner.start) ||
        !look_at(directory, name, self, &at, &same))
        return false;
    return same ? metrics_owner_is_gone(&owner) : now - at > METRICS_FILE_STALE;
}

void metrics_file_sweep(const char *directory, const struct metrics_self *self)
{
    int fd = open_directory(directory);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    char own[METRICS_NAME];
    struct dirent *entry;
    struct stat status;

    if (fd >= 0 && stream == NULL)
        close(fd);
    if (stream == NULL)
        return;
    metrics_name(own, self->host, &self->owner);
    /* By the clock that the others' times come from, which may be a file server's. */
    if (fstatat(fd, own, &status, AT_SYMLINK_NOFOLLOW) == 0)
        while ((entry = readdir(stream)) != NULL)
            if (is_left_behind(fd, entry->d_name, self, status.st_mtime))
                unlinkat(fd, entry->d_name, 0);
    closedir(stream);
}
