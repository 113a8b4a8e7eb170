#include "shim/certdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/wipe.h"
#include "shim/certdir_names.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/table_room.h"

/* File systems keep times as coarsely as this. */
#define RECENT_SECONDS 2
#define PATH_ROOM 4352

static struct certdir_file *find_file(const struct certdir *directory, const char *name)
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

static void remove_file(struct certdir *directory, struct certdir_file *file)
{
    set_policy(directory, file, NULL);
    lock_take(LOCK_AUTHORIZED);
    table_remove(&directory->files, &file->by_name);
    lock_drop(LOCK_AUTHORIZED);
    free(file);
}

static void report(const struct certdir *directory, const char *path,
                   const struct cert_error *error, const char *consequence)
{
    char message[1024];
    struct event event;

    metrics_count(METRIC_RELOAD_FAILED, NULL);
    snprintf(message, sizeof message, "%s: %s", consequence, error->text);
    event_init(&event, EVENT_ERROR, "reload", message);
    event_text(&event, "file", path);
    event_text(&event, "directory", directory->path);
    log_event(&event);
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
        if (!file->unread)
            report(directory, path, error, "this file cannot be read, what it said before stays");
        file->unread = true;
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
        report(directory, path, error,
               directory->revokes ? "this file revokes nothing new"
                                  : "this file authorises nobody");
    file->reported = true;
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

static bool same_times(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool unchanged(const struct certdir_file *file, const struct stat *status)
{
    return !file->recent && file->device == status->st_dev && file->inode == status->st_ino &&
           file->size == status->st_size && same_times(&file->modified, &status->st_mtim) &&
           same_times(&file->changed, &status->st_ctim);
}

static void note_status(struct certdir_file *file, const struct stat *status)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    file->device = status->st_dev;
    file->inode = status->st_ino;
    file->size = status->st_size;
    file->modified = status->st_mtim;
    file->changed = status->st_ctim;
    file->recent = now.tv_sec - status->st_ctim.tv_sec <= RECENT_SECONDS;
}

static void look_at(struct certdir *directory, int dirfd, const char *name, bool always,
                    int64_t now)
{
    struct certdir_file *file = find_file(directory, name);
    struct stat status;

    if (fstatat(dirfd, name, &status, 0) != 0) {
        if (file != NULL && (errno == ENOENT || errno == ELOOP))
            remove_file(directory, file);
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
    if (!always && unchanged(file, &status))
        return;
    note_status(file, &status);
    read_one(directory, dirfd, file, now);
}

static void forget_unseen(struct certdir *directory)
{
    struct table_node *node, *next;
    size_t bucket;

    for (node = table_each(&directory->files, &bucket, NULL); node != NULL; node = next) {
        struct certdir_file *file = table_owner(node, struct certdir_file, by_name);

        next = table_each(&directory->files, &bucket, node);
        if (file->seen != directory->scans)
            remove_file(directory, file);
    }
}

/* Looks at the files named, the new ones all read ahead. */
static void look_at_names(struct certdir *directory, const struct certdir_names *names, int64_t now)
{
    for (size_t i = 0; i < names->count; i++)
        if (find_file(directory, names->names[i]) == NULL)
            certdir_names_prefetch(names, names->names[i]);
    for (size_t i = 0; i < names->count; i++)
        look_at(directory, names->fd, names->names[i], false, now);
}

static bool interrupted(const struct certdir *directory)
{
    return directory->interrupt != NULL && directory->interrupt();
}

static int look_at_all(struct certdir *directory, struct certdir_names *names, int64_t now,
                       struct cert_error *error)
{
    do {
        if (certdir_names_next(names, directory->path, error) != 0)
            return -1;
        look_at_names(directory, names, now);
        if (interrupted(directory))
            return cert_fail(error, EINTR, "%s: interrupted", directory->path);
    } while (names->count > 0);
    return 0;
}

int certdir_scan(struct certdir *directory, int64_t now, struct cert_error *error)
{
    struct certdir_names *names;
    int result;

    if (certificate_directory_check(directory->path, false, error) != 0)
        return -1;
    names = certdir_names_open(directory->path, error);
    if (names == NULL)
        return -1;
    directory->scans++;
    directory->unread = false;
    result = look_at_all(directory, names, now, error);
    if (result == 0) {
        directory->links = names->links;
        forget_unseen(directory);
    }
    certdir_names_close(names);
    return result;
}

void certdir_touch(struct certdir *directory, const char *name, int64_t now)
{
    int fd;

    if (!certdir_is_name(name))
        return;
    fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        directory->unread = true;
        return;
    }
    look_at(directory, fd, name, true, now);
    close(fd);
}

long certdir_settle(struct certdir *directory, int64_t now)
{
    struct table_node *node, *next;
    long wait = -1;
    size_t bucket;

    if (!directory->unsettled)
        return -1;
    directory->unsettled = false;
    for (node = table_each(&directory->files, &bucket, NULL); node != NULL; node = next) {
        struct certdir_file *file = table_owner(node, struct certdir_file, by_name);
        int64_t rest = file->broken_since + CERTDIR_GRACE_MS - now;

        next = table_each(&directory->files, &bucket, node);
        if (file->broken_since == 0 || file->reported)
            continue;
        if (rest > 0) {
            directory->unsettled = true;
            wait = wait < 0 || rest < wait ? (long)rest : wait;
        } else {
            char name[NAME_MAX + 1];

            snprintf(name, sizeof name, "%s", file->name);
            certdir_touch(directory, name, now);
            file = find_file(directory, name);
            if (file == NULL || file->broken_since == 0 || file->reported)
                continue;
            directory->unsettled = true;
            wait = wait < 0 || CERTDIR_RETRY_MS < wait ? CERTDIR_RETRY_MS : wait;
        }
    }
    return wait;
}

const struct certdir_file *certdir_find(const struct certdir *directory,
                                        const uint8_t key[KEY_BYTES])
{
    struct table_node *node = table_first(&directory->keys, table_hash(key, KEY_BYTES));
    const struct certdir_file *first = NULL;

    for (; node != NULL; node = table_next(node)) {
        const struct certdir_file *file = table_owner(node, struct certdir_file, by_key);

        if (memcmp(file->policy->key, key, KEY_BYTES) == 0 &&
            (first == NULL || strcmp(file->name, first->name) < 0))
            first = file;
    }
    return first;
}
