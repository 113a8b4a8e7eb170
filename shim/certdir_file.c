#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/wipe.h"
#include "shim/certdir_internal.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/table_room.h"

#define PATH_ROOM 4352

struct certdir_file *certdir_find_file(const struct certdir *directory, const char *name)
{
    struct table_node *node = table_first(&directory->files, table_hash(name, strlen(name)));

    for (; node != NULL; node = table_next(node))
        if (strcmp(table_owner(node, struct certdir_file, by_name)->name, name) == 0)
            return table_owner(node, struct certdir_file, by_name);
    return NULL;
}

static struct certdir_file *add_file(struct certdir *directory, const char *name)
{
    struct certdir_file *file = calloc(1, sizeof *file + strlen(name) + 1);
    int result;

    if (file == NULL)
        return NULL;
    strcpy(file->name, name);
    table_make_room(&directory->files, LOCK_AUTHORIZED);
    lock_take(LOCK_AUTHORIZED);
    result = table_add(&directory->files, &file->by_name, table_hash(name, strlen(name)));
    lock_drop(LOCK_AUTHORIZED);
    if (result == 0)
        return file;
    free(file);
    return NULL;
}

/* What a file said before stays in force until it can be read again. */
static void out_of_reach(struct certdir *directory, struct certdir_file *file)
{
    directory->unread = true;
    if (file == NULL)
        return;
    file->seen = directory->scans;
    file->recent = true;
}

/* Puts policy (NULL: none) in force for a file. */
static void set_policy(struct certdir *directory, struct certdir_file *file, struct policy *policy)
{
    struct policy *old, *unused = NULL;

    if (policy != NULL)
        table_make_room(&directory->keys, LOCK_AUTHORIZED);
    lock_take(LOCK_AUTHORIZED);
    old = file->policy;
    directory->changes += old != policy;
    if (old != NULL)
        table_remove(&directory->keys, &file->by_key);
    file->policy = policy;
    if (policy != NULL &&
        table_add(&directory->keys, &file->by_key, table_hash(policy->key, KEY_BYTES)) != 0) {
        file->policy = NULL;
        unused = policy;
        out_of_reach(directory, file);
    }
    lock_drop(LOCK_AUTHORIZED);
    policy_free(old);
    policy_free(unused);
}

void certdir_remove_file(struct certdir *directory, struct certdir_file *file)
{
    set_policy(directory, file, NULL);
    lock_take(LOCK_AUTHORIZED);
    table_remove(&directory->files, &file->by_name);
    lock_drop(LOCK_AUTHORIZED);
    free(file);
}

/* False if it has to be told later: a thread apart writes no lines. */
static bool report(const struct certdir *directory, const char *path,
                   const struct cert_error *error, const char *consequence)
{
    char message[1024];
    struct event event;

    if (directory->way == CERTDIR_APART)
        return false;
    metrics_count(METRIC_RELOAD_FAILED, NULL);
    snprintf(message, sizeof message, "%s: %s", consequence, error->text);
    event_init(&event, EVENT_ERROR, "reload", message);
    event_text(&event, "file", path);
    event_text(&event, "directory", directory->path);
    log_event(&event);
    return true;
}

static struct policy *read_policy(const struct certdir *directory, int dirfd, const char *name,
                                  const char *path, struct cert_error *error)
{
    struct certificate *certificate = malloc(sizeof *certificate);
    struct policy *policy = NULL;
    char stem[256];

    if (certificate == NULL) {
        cert_fail(error, ENOMEM, "%s: out of memory", path);
        return NULL;
    }
    snprintf(stem, sizeof stem, "%.*s", (int)strlen(name) - 4, name);
    if (certificate_read(certificate, dirfd, name, path, CERT_NEED_PUBLIC, error) == 0) {
        policy = directory->revokes ? policy_new_revoked(certificate, path, stem, error)
                                    : policy_new(certificate, path, stem, error);
        if (certificate->has_secret)
            wipe(certificate->secret_key, KEY_BYTES);
    }
    free(certificate);
    return policy;
}

static void note_broken(struct certdir *directory, struct certdir_file *file, const char *path,
                        const struct cert_error *error, int64_t now)
{
    /* Out of reach is not the same as broken: what was read last stays in force, as for a whole
     * directory that can't be read. */
    if (error->code != EINVAL && error->code != EPERM) {
        if (error->code == EMFILE && directory->way == CERTDIR_USUAL)
            directory->crowded = true;
        else if (!file->unread)
            file->unread = report(directory, path, error,
                                  "this file cannot be read, what it said before stays");
        out_of_reach(directory, file);
        return;
    }
    file->unread = false;
    if (file->broken_since == 0)
        file->broken_since = now;
    if (now - file->broken_since < CERTDIR_GRACE_MS) {
        directory->unsettled = true;
        return;
    }
    if (!directory->revokes)
        set_policy(directory, file, NULL);
    if (!file->reported)
        file->reported = report(directory, path, error,
                                directory->revokes ? "this file revokes nothing new"
                                                   : "this file authorises nobody");
    directory->unsettled |= !file->reported;
}

static void read_one(struct certdir *directory, int dirfd, struct certdir_file *file, int64_t now)
{
    struct cert_error error;
    struct policy *policy;
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/%s", directory->path, file->name);
    policy = read_policy(directory, dirfd, file->name, path, &error);
    if (policy == NULL) {
        note_broken(directory, file, path, &error, now);
        return;
    }
    file->broken_since = 0;
    file->reported = file->unread = false;
    set_policy(directory, file, policy);
}

void certdir_look_at(struct certdir *directory, int dirfd, const char *name, bool always,
                     int64_t now)
{
    struct certdir_file *file = certdir_find_file(directory, name);
    struct stat status;

    if (fstatat(dirfd, name, &status, 0) != 0) {
        if (file != NULL && (errno == ENOENT || errno == ELOOP))
            certdir_remove_file(directory, file);
        else
            out_of_reach(directory, file);
        return;
    }
    if (file == NULL) {
        file = add_file(directory, name);
        always = true;
    }
    if (file == NULL) {
        out_of_reach(directory, NULL);
        return;
    }
    file->seen = directory->scans;
    if (!always && !file->recent && file_version_same(&file->version, &status))
        return;
    file->recent = !file_version_note(&file->version, &status);
    read_one(directory, dirfd, file, now);
}
