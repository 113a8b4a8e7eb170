#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/pair.h"
#include "certs/rotation.h"
#include "certs/rotation_internal.h"
#include "certs/tool.h"

/* An authorised certificate and what it allows. */
struct policy_file {
    struct certificate *certificate;
    struct metadata metadata; /* borrows from it */
};

static int read_policy(struct policy_file *policy, const struct subdirectory *in, const char *file,
                       struct cert_error *error)
{
    char path[PATH_MAX];

    memset(&policy->metadata, 0, sizeof policy->metadata);
    policy->certificate = sodium_malloc(sizeof *policy->certificate);
    if (policy->certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    snprintf(path, sizeof path, "%s/%s", in->path, file);
    if (certificate_read(policy->certificate, in->fd, file, path, CERT_NEED_PUBLIC, error) != 0)
        return -1;
    return metadata_take(&policy->metadata, policy->certificate, path, error);
}

static void end_policy(struct policy_file *policy)
{
    sodium_free(policy->certificate);
}

static int mark_file(struct store *store, const char *file, struct cert_error *error)
{
    const struct subdirectory *in = &store->authorized;
    struct policy_file policy;
    char date[PAIR_DATE];
    int result = read_policy(&policy, in, file, error);

    pair_today(date);
    if (result == 0 && metadata_get(&policy.metadata, ROTATION_SUPERSEDED) == NULL) {
        result = metadata_set(&policy.metadata, ROTATION_SUPERSEDED, date, error);
        if (result == 0)
            result = pair_write_public(in->fd, in->path, file, &policy.metadata,
                                       policy.certificate->public_key, WRITE_REPLACE, &store->owner,
                                       error);
    }
    end_policy(&policy);
    return result;
}

int rotation_mark(struct store *store, const uint8_t key[KEY_BYTES], struct cert_error *error)
{
    struct keyset set;
    int result = 0;

    if (keyset_load(&set, store->authorized.fd, store->authorized.path, error) != 0)
        return -1;
    for (size_t i = 0; i < set.count && result == 0; i++)
        if (memcmp(set.entries[i].key, key, KEY_BYTES) == 0)
            result = mark_file(store, set.entries[i].file, error);
    keyset_free(&set);
    return result;
}

/* Writes key as STEM.key, or beside it, with what the certificate in file may do. */
static int add_beside(struct store *store, const char *file, const char *stem,
                      const uint8_t key[KEY_BYTES], struct cert_error *error)
{
    const struct subdirectory *to = &store->authorized;
    struct policy_file policy;
    struct metadata metadata = {0};
    char added[256];
    int result = read_policy(&policy, to, file, error);

    for (unsigned i = 0; result == 0 && i < policy.metadata.count; i++)
        if (strcmp(policy.metadata.entries[i].name, ROTATION_SUPERSEDED) != 0)
            metadata.entries[metadata.count++] = policy.metadata.entries[i];
    if (result == 0)
        result = store_add(store, to, stem, &metadata, key, added, error);
    if (result == 0)
        tool_say("authorized the new key: %s/%s", to->path, added);
    end_policy(&policy);
    return result;
}

int rotation_authorize_next(struct rotation *r, struct cert_error *error)
{
    const struct subdirectory *in = &r->store->authorized;
    struct keyset set;
    const char *file;
    int result = 0;

    if (keyset_load(&set, in->fd, in->path, error) != 0)
        return -1;
    file = keyset_find(&set, r->current->public_key);
    if (file != NULL && keyset_find(&set, r->other->public_key) != NULL)
        result = 1;
    else if (file != NULL)
        result = add_beside(r->store, file, r->name, r->other->public_key, error) == 0
                     ? ROTATION_AUTHORIZED_NOW
                     : -1;
    keyset_free(&set);
    return result;
}

/* The one file of NAME that is not marked: *file, or NULL if every one is. */
static int find_current(const struct store *store, const struct keyset *set, const char *name,
                        const uint8_t next[KEY_BYTES], const char **file, struct cert_error *error)
{
    int result = 0;

    *file = NULL;
    for (size_t i = 0; i < set->count && result == 0; i++) {
        const struct keyset_entry *entry = &set->entries[i];
        struct policy_file policy;

        if (!store_is_named(entry->file, name) || memcmp(entry->key, next, KEY_BYTES) == 0)
            continue;
        result = read_policy(&policy, &store->authorized, entry->file, error);
        if (result == 0 && metadata_get(&policy.metadata, ROTATION_SUPERSEDED) == NULL) {
            if (*file != NULL)
                result = cert_fail(error, EINVAL,
                                   "%s: %s and %s are both authorized: revoke the one that is not "
                                   "used any more first",
                                   store->authorized.path, *file, entry->file);
            *file = entry->file;
        }
        end_policy(&policy);
    }
    return result;
}

static int replace(struct store *store, const char *name, const struct certificate *next,
                   const char *file, const struct keyset *set, struct cert_error *error)
{
    const char *current, *already = keyset_find(set, next->public_key);
    uint8_t old[KEY_BYTES];

    if (find_current(store, set, name, next->public_key, &current, error) != 0)
        return -1;
    if (current == NULL && already == NULL)
        return cert_fail(error, ENOENT,
                         "%s/%s.key: nobody of this name is authorized: run 'curveshim-cert "
                         "authorize %s %s'",
                         store->authorized.path, name, store->path, file);
    if (already != NULL)
        tool_say("%s: already authorized as %s/%s", file, store->authorized.path, already);
    else if (add_beside(store, current, name, next->public_key, error) != 0)
        return -1;
    if (current == NULL)
        return 0;
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->entries[i].file, current) == 0)
            memcpy(old, set->entries[i].key, KEY_BYTES);
    if (rotation_mark(store, old, error) != 0)
        return -1;
    tool_say("the old key counts until: curveshim-cert rotate %s %s --finish", store->path, name);
    return 0;
}

static int check_next(const struct store *store, const struct certificate *next, const char *file,
                      struct cert_error *error)
{
    struct keyset revoked;
    const char *found;

    if (pair_key_is_weak(next->public_key))
        return cert_fail(error, EINVAL, "%s: this public key protects nothing: make a new pair",
                         file);
    if (keyset_load(&revoked, store->revoked.fd, store->revoked.path, error) != 0)
        return -1;
    found = keyset_find(&revoked, next->public_key);
    if (found != NULL)
        cert_fail(error, EPERM, "%s: this key was revoked (%s/%s) and stays refused", file,
                  store->revoked.path, found);
    keyset_free(&revoked);
    return found != NULL ? -1 : 0;
}

int rotation_authorize(struct store *store, const char *name, const char *file,
                       struct cert_error *error)
{
    struct certificate *next = sodium_malloc(sizeof *next);
    struct keyset set;
    int result;

    if (next == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    result = certificate_read(next, AT_FDCWD, file, file, CERT_NEED_PUBLIC, error);
    if (result == 0)
        result = check_next(store, next, file, error);
    if (result == 0 &&
        (result = keyset_load(&set, store->authorized.fd, store->authorized.path, error)) == 0) {
        result = replace(store, name, next, file, &set, error);
        keyset_free(&set);
    }
    sodium_free(next);
    return result;
}
