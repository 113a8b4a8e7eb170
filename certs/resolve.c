#include "certs/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/scan.h"
#include "certs/tool.h"

/* Whether an earlier target than the last has its key. */
static bool last_is_known(const struct targets *targets)
{
    const uint8_t *key = targets->items[targets->count - 1].certificate->public_key;

    for (unsigned i = 0; i + 1 < targets->count; i++)
        if (memcmp(targets->items[i].certificate->public_key, key, KEY_BYTES) == 0)
            return true;
    return false;
}

static struct certificate *new_target(struct targets *targets, const char *stem)
{
    struct target *target = &targets->items[targets->count];

    target->certificate = sodium_malloc(sizeof *target->certificate);
    if (target->certificate == NULL)
        return NULL;
    memset(target->certificate, 0, sizeof *target->certificate);
    snprintf(target->stem, sizeof target->stem, "%.200s", stem);
    targets->count++;
    return target->certificate;
}

static void drop_last(struct targets *targets)
{
    sodium_free(targets->items[--targets->count].certificate);
}

/* Adds the key in a file: 1, or 0 if there is no such file. */
static int take_file(struct targets *targets, int dirfd, const char *directory, const char *name,
                     const char *stem, struct cert_error *error)
{
    struct certificate *certificate;
    struct stat status;
    char path[4400];

    if (fstatat(dirfd, name, &status, 0) != 0)
        return 0;
    if (targets->count == TARGETS_MAX)
        return cert_fail(error, ENOSPC, "%s: more than %d keys: revoke them one by one", name,
                         TARGETS_MAX);
    if ((certificate = new_target(targets, stem)) == NULL)
        return cert_fail(error, ENOMEM, "%s: out of memory", name);
    snprintf(path, sizeof path, "%s%s%s", directory, directory[0] != '\0' ? "/" : "", name);
    if (certificate_read(certificate, dirfd, name, path, CERT_NEED_PUBLIC, error) != 0) {
        drop_last(targets);
        return -1;
    }
    sodium_memzero(certificate->secret_key, KEY_BYTES);
    certificate->has_secret = false;
    if (last_is_known(targets))
        drop_last(targets);
    return 1;
}

static int take_key(struct targets *targets, const uint8_t key[KEY_BYTES], struct cert_error *error)
{
    static const uint8_t zero[KEY_BYTES];
    struct certificate *certificate;
    char stem[32];

    if (memcmp(key, zero, KEY_BYTES) == 0)
        return cert_fail(error, EINVAL, "an all-zero key is refused anyway");
    sodium_bin2hex(stem, sizeof stem, key, 8);
    certificate = new_target(targets, stem);
    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    certificate->has_public = true;
    memcpy(certificate->public_key, key, KEY_BYTES);
    return 1;
}

struct search {
    struct targets *targets;
    const char *name;
    int found, failed;
};

/* A file that can't be read does not stop the others. */
static void try_file(struct search *search, int dirfd, const char *directory, const char *file)
{
    struct cert_error error;
    int result = take_file(search->targets, dirfd, directory, file, search->name, &error);

    if (result < 0)
        search->failed = tool_complain_error(&error);
    search->found |= result > 0;
}

/* All that is authorised under a name, and the pairs of it: in a rotation there are two. */
static int take_name(struct targets *targets, const struct store *store, const char *name,
                     struct cert_error *error)
{
    const struct subdirectory *authorized = &store->authorized;
    struct search search = {.targets = targets, .name = name};
    struct names names = {0};
    char file[256];

    if (authorized->fd >= 0 &&
        names_read(&names, authorized->fd, authorized->path, ".key", error) != 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (store_is_named(names.items[i], name))
            try_file(&search, authorized->fd, authorized->path, names.items[i]);
    names_free(&names);
    snprintf(file, sizeof file, "%.200s.key", name);
    try_file(&search, store->fd, store->path, file);
    snprintf(file, sizeof file, "%.200s.superseded.key", name);
    try_file(&search, store->fd, store->path, file);
    snprintf(file, sizeof file, "%.200s.next.key", name);
    try_file(&search, store->fd, store->path, file);
    if (search.found == 0 && search.failed != 0)
        return cert_fail(error, EINVAL, "%s: give its public key instead of the name", name);
    return search.found;
}

static int take_metadata_name(struct targets *targets, const struct store *store, const char *name,
                              struct cert_error *error)
{
    struct keyset set;
    const char *file = NULL;
    int result = 0;

    if (keyset_load(&set, store->authorized.fd, store->authorized.path, error) != 0)
        return -1;
    for (size_t i = 0; i < set.count && result == 0; i++) {
        if (strcmp(set.entries[i].name, name) != 0)
            continue;
        if (file != NULL)
            result = cert_fail(error, EINVAL,
                               "%s: %s and %s in %s both have this name: give the file or the key",
                               name, file, set.entries[i].file, store->authorized.path);
        file = set.entries[i].file;
    }
    if (result == 0 && file != NULL)
        result =
            take_file(targets, store->authorized.fd, store->authorized.path, file, name, error);
    keyset_free(&set);
    return result;
}

static int take_path(struct targets *targets, const char *path, struct cert_error *error)
{
    const char *base = strrchr(path, '/');
    char stem[256];
    size_t length;

    base = base != NULL ? base + 1 : path;
    length = strlen(base);
    if (length > 7 && strcmp(base + length - 7, "_secret") == 0)
        length -= 7;
    if (length > 4 && memcmp(base + length - 4, ".key", 4) == 0)
        length -= 4;
    snprintf(stem, sizeof stem, "%.*s", (int)(length > 200 ? 200 : length), base);
    return take_file(targets, AT_FDCWD, "", path, stem[0] == '.' ? "revoked" : stem, error);
}

/* "NAME.key" said for NAME. */
static bool ends_in_key(const char *what, char stem[256])
{
    size_t length = strlen(what);

    if (strchr(what, '/') != NULL || length <= 4 || length > 200 ||
        strcmp(what + length - 4, ".key") != 0)
        return false;
    snprintf(stem, 256, "%.*s", (int)(length - 4), what);
    return true;
}

int resolve(const struct store *store, const char *what, struct targets *targets,
            struct cert_error *error)
{
    uint8_t key[KEY_BYTES];
    char stem[256];
    int found = 0;

    if (z85_decode_key(key, what, strlen(what)))
        return take_key(targets, key, error) == 1 ? 0 : -1;
    if (strchr(what, '/') == NULL && strlen(what) <= 200)
        found = take_name(targets, store, what, error);
    if (found == 0 && strchr(what, '/') == NULL)
        found = take_metadata_name(targets, store, what, error);
    if (found == 0)
        found = take_path(targets, what, error);
    if (found == 0 && ends_in_key(what, stem))
        found = take_name(targets, store, stem, error);
    if (found == 0)
        cert_fail(error, ENOENT,
                  "%s: neither a name in %s, nor a certificate file, nor a public key of 40 "
                  "characters: see 'curveshim-cert list %s'",
                  what, store->path, store->path);
    return found == 1 ? 0 : -1;
}

void targets_free(struct targets *targets)
{
    while (targets->count > 0)
        drop_last(targets);
}
