#include "certs/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);

    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct names *names, size_t *room, const char *name)
{
    if (names->count == *room) {
        size_t more = *room == 0 ? 64 : 2 * *room;
        char **items = realloc(names->items, more * sizeof *items);

        if (items == NULL)
            return -1;
        names->items = items;
        *room = more;
    }
    names->items[names->count] = strdup(name);
    if (names->items[names->count] == NULL)
        return -1;
    names->count++;
    return 0;
}

static int collect(struct names *names, DIR *list, const char *suffix)
{
    struct dirent *entry;
    size_t room = 0;

    for (errno = 0; (entry = readdir(list)) != NULL; errno = 0)
        if (entry->d_name[0] != '.' && ends_in(entry->d_name, suffix) &&
            add(names, &room, entry->d_name) != 0)
            return -1;
    return errno == 0 ? 0 : -1;
}

int names_read(struct names *names, int dirfd, const char *directory, const char *suffix,
               struct cert_error *error)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int result = -1;

    names->count = 0;
    names->items = NULL;
    if (list != NULL)
        result = collect(names, list, suffix);
    if (result != 0)
        cert_fail(error, errno, "%s: %s", directory, strerror(errno));
    if (list != NULL)
        closedir(list);
    else if (fd >= 0)
        close(fd);
    if (result != 0)
        names_free(names);
    else if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, by_name);
    return result;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    names->items = NULL;
    names->count = 0;
}

int scan_certificates(int dirfd, const char *directory, const char *suffix, unsigned need,
                      scan_visit visit, void *context, struct cert_error *error)
{
    struct certificate *certificate;
    struct names names;

    if (names_read(&names, dirfd, directory, suffix, error) != 0)
        return -1;
    certificate = sodium_malloc(sizeof *certificate);
    if (certificate == NULL) {
        names_free(&names);
        return cert_fail(error, ENOMEM, "%s: out of memory", directory);
    }
    for (size_t i = 0; i < names.count; i++) {
        char path[PATH_MAX];
        struct cert_error reason = {0};
        struct scanned scanned = {names.items[i], path, certificate, &reason};

        snprintf(path, sizeof path, "%s/%s", directory, names.items[i]);
        if (certificate_read(certificate, dirfd, names.items[i], path, need, &reason) < 0)
            scanned.certificate = NULL;
        visit(&scanned, context);
        certificate_wipe(certificate);
    }
    sodium_free(certificate);
    names_free(&names);
    return 0;
}
