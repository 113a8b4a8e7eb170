#include "certs/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/pair.h"
#include "certs/tool.h"

static char *without_slashes(const char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

/* Runs at the same time are harmless to readers, but could sweep each other's temporary files. */
static bool lock_directory(int fd)
{
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static int open_subdirectory(struct store *store, struct subdirectory *subdirectory,
                             const char *name, struct cert_error *error)
{
    if (subdirectory->path == NULL &&
        asprintf(&subdirectory->path, "%s/%s", store->path, name) < 0) {
        subdirectory->path = NULL;
        return cert_fail(error, ENOMEM, "out of memory");
    }
    if (subdirectory->fd >= 0)
        return 0;
    subdirectory->fd = openat(store->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (subdirectory->fd >= 0 || errno == ENOENT)
        return 0;
    return cert_fail(error, errno, "%s: %s", subdirectory->path, strerror(errno));
}

int store_reopen(struct store *store, struct cert_error *error)
{
    if (open_subdirectory(store, &store->authorized, AUTHORIZED, error) != 0)
        return -1;
    return open_subdirectory(store, &store->revoked, REVOKED, error);
}

/* root keeps a directory for the user who owns it. */
static void follow_owner(struct store *store)
{
    struct stat status;

    if (geteuid() == 0 && fstat(store->fd, &status) == 0 && status.st_uid != 0)
        store->owner = (struct owner){true, status.st_uid, status.st_gid};
}

static void sweep(struct store *store)
{
    write_sweep(store->fd);
    if (store->authorized.fd >= 0)
        write_sweep(store->authorized.fd);
    if (store->revoked.fd >= 0)
        write_sweep(store->revoked.fd);
}

static int check_subdirectory(const struct subdirectory *subdirectory, struct cert_error *error)
{
    return subdirectory->fd < 0 ? 0 : certificate_directory_check(subdirectory->path, false, error);
}

int store_open(struct store *store, const char *path, bool change, struct cert_error *error)
{
    memset(store, 0, sizeof *store);
    store->fd = store->authorized.fd = store->revoked.fd = -1;
    store->path = without_slashes(path);
    if (store->path == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    store->fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->fd < 0 && errno == ENOENT)
        return cert_fail(error, ENOENT,
                         "%s: there is no such directory: make it with 'curveshim-cert init %s'",
                         path, path);
    if (store->fd < 0)
        return cert_fail(error, errno, "%s: %s", path, strerror(errno));
    if (store_reopen(store, error) != 0)
        return -1;
    if (!change)
        return 0;
    if (certificate_directory_check(store->path, false, error) != 0 ||
        check_subdirectory(&store->authorized, error) != 0 ||
        check_subdirectory(&store->revoked, error) != 0)
        return -1;
    follow_owner(store);
    if (lock_directory(store->fd))
        sweep(store);
    return 0;
}

static void close_subdirectory(struct subdirectory *subdirectory)
{
    if (subdirectory->fd >= 0)
        close(subdirectory->fd);
    free(subdirectory->path);
}

void store_close(struct store *store)
{
    close_subdirectory(&store->authorized);
    close_subdirectory(&store->revoked);
    if (store->fd >= 0)
        close(store->fd);
    free((void *)(uintptr_t)store->path);
}

int store_make(struct store *store, const char *name, struct cert_error *error)
{
    int made = write_directory(store->fd, store->path, name, &store->owner, error);

    return made < 0 || store_reopen(store, error) != 0 ? -1 : made;
}

int store_add(struct store *store, const struct subdirectory *to, const char *stem,
              const struct metadata *metadata, const uint8_t key[KEY_BYTES], char file[256],
              struct cert_error *error)
{
    for (unsigned n = 1;; n++) {
        struct cert_error reason = {0};

        if (n == 1)
            snprintf(file, 256, "%.240s.key", stem);
        else
            snprintf(file, 256, "%.240s~%u.key", stem, n);
        if (pair_write_public(to->fd, to->path, file, metadata, key, WRITE_NEW, &store->owner,
                              &reason) == 0)
            return 0;
        if (reason.code != EEXIST || n == 10000) {
            *error = reason;
            return -1;
        }
    }
}

bool store_is_named(const char *file, const char *stem)
{
    size_t length = strlen(stem);

    if (strncmp(file, stem, length) != 0)
        return false;
    file += length;
    if (file[0] == '~')
        file += 1 + strspn(file + 1, "0123456789");
    return strcmp(file, ".key") == 0;
}

int store_remove(const struct subdirectory *from, const uint8_t key[KEY_BYTES],
                 struct cert_error *error)
{
    struct keyset set;
    int removed = 0;

    if (keyset_load(&set, from->fd, from->path, error) != 0)
        return -1;
    for (size_t i = 0; i < set.count && removed >= 0; i++) {
        if (memcmp(set.entries[i].key, key, KEY_BYTES) != 0)
            continue;
        if (write_remove(from->fd, from->path, set.entries[i].file, error) != 0)
            removed = -1;
        else
            removed++;
        if (removed > 0)
            tool_say("removed %s/%s", from->path, set.entries[i].file);
    }
    keyset_free(&set);
    return removed;
}
