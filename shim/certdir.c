#include "shim/certdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/apart.h"
#include "shim/certdir_internal.h"
#include "shim/certdir_names.h"

static void forget_unseen(struct certdir *directory)
{
    struct table_node *node, *next;
    size_t bucket;

    for (node = table_each(&directory->files, &bucket, NULL); node != NULL; node = next) {
        struct certdir_file *file = table_owner(node, struct certdir_file, by_name);

        next = table_each(&directory->files, &bucket, node);
        if (file->seen != directory->scans)
            certdir_remove_file(directory, file);
    }
}

/* Looks at the files named, the new ones all read ahead. */
static void look_at_names(struct certdir *directory, const struct certdir_names *names, int64_t now)
{
    for (size_t i = 0; i < names->count; i++)
        if (certdir_find_file(directory, names->names[i]) == NULL)
            certdir_names_prefetch(names, names->names[i]);
    for (size_t i = 0; i < names->count; i++)
        certdir_look_at(directory, names->fd, names->names[i], false, now);
}

static bool interrupted(const struct certdir *directory)
{
    return directory->way != CERTDIR_APART && directory->interrupt != NULL &&
           directory->interrupt();
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

static int scan(struct certdir *directory, int64_t now, struct cert_error *error)
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

static int touch(struct certdir *directory, const char *name, int64_t now, struct cert_error *error)
{
    int fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        directory->unread = true;
        return cert_fail(error, errno, "%s: %s", directory->path, strerror(errno));
    }
    certdir_look_at(directory, fd, name, true, now);
    syscall(SYS_close, fd);
    return 0;
}

struct task {
    struct certdir *directory;
    const char *name; /* NULL: all */
    int64_t now;
    struct cert_error *error;
    int result;
};

static void perform(void *argument)
{
    struct task *task = argument;

    task->result = task->name == NULL ? scan(task->directory, task->now, task->error)
                                      : touch(task->directory, task->name, task->now, task->error);
}

static int perform_anyhow(struct task *task)
{
    struct certdir *directory = task->directory;
    bool unread = directory->unread;

    directory->crowded = false;
    perform(task);
    if (!directory->crowded && (task->result == 0 || task->error->code != EMFILE))
        return task->result;
    directory->unread = unread;
    directory->way = CERTDIR_APART;
    if (!apart_call(perform, task)) {
        directory->way = CERTDIR_SCARCE;
        perform(task);
    }
    directory->way = CERTDIR_USUAL;
    return task->result;
}

int certdir_scan(struct certdir *directory, int64_t now, struct cert_error *error)
{
    return perform_anyhow(&(struct task){directory, NULL, now, error, -1});
}

void certdir_touch(struct certdir *directory, const char *name, int64_t now)
{
    struct cert_error ignored;

    if (certdir_is_name(name))
        (void)perform_anyhow(&(struct task){directory, name, now, &ignored, -1});
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
            file = certdir_find_file(directory, name);
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
