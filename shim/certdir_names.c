#include "shim/certdir_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool certdir_is_name(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".key") == 0;
}

struct certdir_names *certdir_names_open(const char *path, struct cert_error *error)
{
    struct certdir_names *names = malloc(sizeof *names);

    if (names == NULL) {
        cert_fail(error, ENOMEM, "%s: out of memory", path);
        return NULL;
    }
    names->links = false;
    names->count = 0;
    names->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    names->stream = names->fd >= 0 ? fdopendir(names->fd) : NULL;
    if (names->stream != NULL)
        return names;
    cert_fail(error, errno, "%s: %s", path, strerror(errno));
    if (names->fd >= 0)
        syscall(SYS_close, names->fd);
    free(names);
    return NULL;
}

void certdir_names_close(struct certdir_names *names)
{
    closedir(names->stream);
    free(names);
}

int certdir_names_next(struct certdir_names *names, const char *path, struct cert_error *error)
{
    names->count = 0;
    while (names->count < CERTDIR_NAMES) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(names->stream);
        if (entry == NULL && errno != 0)
            return cert_fail(error, errno, "%s: %s", path, strerror(errno));
        if (entry == NULL)
            return 0;
        names->links |= entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (certdir_is_name(entry->d_name))
            snprintf(names->names[names->count++], NAME_MAX + 1, "%s", entry->d_name);
    }
    return 0;
}

void certdir_names_prefetch(const struct certdir_names *names, const char *name)
{
    int fd = openat(names->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    syscall(SYS_close, fd);
}
