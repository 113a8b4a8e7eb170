#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim/keys.h"
#include "shim/keys_files.h"
#include "shim/known_servers.h"
#include "shim/table_room.h"
#include "shim/text.h"

#define LIST_MAX (1024 * 1024)
#define PATH_ROOM 4096

/* Public keys that were read once, by the path of their certificate. */
struct remembered {
    struct table_node node;
    uint8_t key[KEY_BYTES];
    struct file_stamp stamp;
    char path[];
};
static struct table remembered;

/* The last text of known_servers that was whole, as far as can be told; replaced, never changed. */
static char *list_text;
static size_t list_length;

/* A list that changed as lately as this may be half of what it is going to be. */
#define YOUNG_MS 900

struct list {
    char *text; /* owned */
    size_t length;
    bool young;
};

static struct remembered *recall(const char *path)
{
    struct table_node *node = table_first(&remembered, table_hash(path, strlen(path)));

    for (; node != NULL; node = table_next(node))
        if (strcmp(table_owner(node, struct remembered, node)->path, path) == 0)
            return table_owner(node, struct remembered, node);
    return NULL;
}

static void remember(const char *path, const struct certificate *certificate)
{
    struct remembered *entry, *fresh = malloc(sizeof *fresh + strlen(path) + 1);

    if (fresh != NULL)
        strcpy(fresh->path, path);
    table_make_room(&remembered, LOCK_KEYS);
    lock_take(LOCK_KEYS);
    entry = recall(path);
    if (entry == NULL && fresh != NULL &&
        table_add(&remembered, &fresh->node, table_hash(path, strlen(path))) == 0) {
        entry = fresh;
        fresh = NULL;
    }
    if (entry != NULL) {
        memcpy(entry->key, certificate->public_key, KEY_BYTES);
        entry->stamp = certificate->stamp;
    }
    lock_drop(LOCK_KEYS);
    free(fresh);
}

/* Without reading it again. */
static bool recall_same(uint8_t key[KEY_BYTES], const char *path, struct keys_look *look)
{
    struct file_stamp stamp = {.usable = false};
    const struct remembered *entry;

    lock_take(LOCK_KEYS);
    entry = recall(path);
    if (entry != NULL) {
        memcpy(key, entry->key, KEY_BYTES);
        stamp = entry->stamp;
    }
    lock_drop(LOCK_KEYS);
    return keys_file_is_same(&stamp, look, path);
}

static int read_public(uint8_t key[KEY_BYTES], const char *path, struct keys_look *look,
                       struct cert_error *error)
{
    struct certificate *certificate;
    const struct remembered *entry;
    int result;

    if (recall_same(key, path, look))
        return 0;
    certificate = malloc(sizeof *certificate);
    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "%s: out of memory", path);
    result = keys_read_file(certificate, look, path, CERT_NEED_PUBLIC, error);
    if (result == 0) {
        memcpy(key, certificate->public_key, KEY_BYTES);
        remember(path, certificate);
    } else if (keys_out_of_reach(error)) {
        lock_take(LOCK_KEYS);
        entry = recall(path);
        if (entry != NULL) {
            memcpy(key, entry->key, KEY_BYTES);
            result = 0;
        }
        lock_drop(LOCK_KEYS);
    }
    certificate_wipe(certificate);
    free(certificate);
    return result;
}

/* A link to nothing is not a file that is not there: somebody meant a list to be in force. */
static int explain_unopened(const char *path, struct cert_error *error)
{
    struct stat status;
    int code = errno;

    if (code == ENOENT && lstat(path, &status) == 0)
        return cert_fail(error, ELOOP,
                         "%s: this link leads nowhere: put the list of servers where it points, or "
                         "remove it",
                         path);
    return cert_fail(error, code, "%s: %s", path, strerror(code));
}

static bool is_young(const struct timespec *modified)
{
    struct timespec now;
    int64_t age;

    clock_gettime(CLOCK_REALTIME, &now);
    age = ((int64_t)now.tv_sec - modified->tv_sec) * 1000 +
          (now.tv_nsec - modified->tv_nsec) / 1000000;
    return age >= 0 && age < YOUNG_MS;
}

/* Reads a whole regular file. */
static int slurp(struct list *list, const char *path, struct cert_error *error)
{
    struct stat status;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), result = -1;

    memset(list, 0, sizeof *list);
    if (fd < 0)
        return explain_unopened(path, error);
    if (fstat(fd, &status) != 0)
        cert_fail(error, errno, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode) || status.st_size > LIST_MAX)
        cert_fail(error, EINVAL, "%s: not a regular file of at most %d bytes", path, LIST_MAX);
    else if (status.st_mode & S_IWOTH)
        cert_fail(error, EPERM, "%s: others can write this file: run chmod o-w %s", path, path);
    else if ((list->text = malloc((size_t)status.st_size + 1)) == NULL)
        cert_fail(error, ENOMEM, "%s: out of memory", path);
    else
        result = 0;
    while (result == 0 && list->length < (size_t)status.st_size) {
        n = read(fd, list->text + list->length, (size_t)status.st_size - list->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        list->length += (size_t)n;
    }
    if (result == 0)
        list->young = is_young(&status.st_mtim);
    if (result == 0 && n < 0)
        result = cert_fail(error, errno, "%s: %s", path, strerror(errno));
    close(fd);
    if (result != 0) {
        free(list->text);
        list->text = NULL;
    }
    return result;
}

static bool is_whole(const struct list *list, const char *path)
{
    struct known_server found;
    struct cert_error ignored;

    return known_servers_find(&found, list->text, list->length, path, "", &ignored) >= 0;
}

/* One that may be half-written only where there is no other. */
static void remember_list(const struct list *list, const char *path)
{
    char *old, *copy = is_whole(list, path) ? malloc(list->length + 1) : NULL;

    if (copy == NULL || list->text == NULL) {
        free(copy);
        return;
    }
    memcpy(copy, list->text, list->length);
    lock_take(LOCK_KEYS);
    old = list_text;
    if (list->young && old != NULL) {
        old = copy;
    } else {
        __atomic_store_n(&list_text, copy, __ATOMIC_RELAXED);
        list_length = list->length;
    }
    lock_drop(LOCK_KEYS);
    free(old);
}

/* A copy of the list that is remembered. 1; 0 if there is none; -1 when out of memory. */
static int recall_list(struct list *list)
{
    int result = 0;

    memset(list, 0, sizeof *list);
    list->text = malloc(LIST_MAX + 1);
    if (list->text == NULL)
        return -1;
    lock_take(LOCK_KEYS);
    if (list_text != NULL) {
        memcpy(list->text, list_text, list_length);
        list->length = list_length;
        result = 1;
    }
    lock_drop(LOCK_KEYS);
    if (result == 1)
        return 1;
    free(list->text);
    list->text = NULL;
    return 0;
}

/* What is usual takes one look. */
static bool has_never_been(const struct config *config)
{
    struct stat status;

    return !config->known_servers_set && __atomic_load_n(&list_text, __ATOMIC_RELAXED) == NULL &&
           lstat(config->known_servers, &status) != 0 && errno == ENOENT;
}

/* A copy of known_servers as it is now, or as it was last. 1, or 0 if it is not in force. */
static int read_list(struct list *list, struct keys_look *look, struct cert_error *error)
{
    int result = keys_check_directory(look, look->config->known_servers, error);

    if (result == 0 && has_never_been(look->config))
        return 0;
    if (result == 0)
        result = slurp(list, look->config->known_servers, error);
    if (result == 0) {
        remember_list(list, look->config->known_servers);
        return 1;
    }
    if (keys_out_of_reach(error)) {
        result = recall_list(list);
        if (result != 0)
            return result;
    }
    return error->code == ENOENT && !look->config->known_servers_set ? 0 : -1;
}

/* The key that a word of known_servers stands for: a certificate's file, or the key itself. */
static int resolve_value(uint8_t key[KEY_BYTES], const char *value, const char *where,
                         struct keys_look *look, struct cert_error *error)
{
    char path[PATH_ROOM];
    struct stat status;

    snprintf(path, sizeof path, "%s%s%s", value[0] == '/' ? "" : look->config->certs,
             value[0] == '/' ? "" : "/", value);
    if (stat(path, &status) != 0 && z85_decode_key(key, value, strlen(value)))
        return 0;
    if (read_public(key, path, look, error) == 0)
        return 0;
    if (error->code == ENOENT)
        cert_fail(error, ENOENT,
                  "%s: there is no certificate %s, and it is not a Z85 key of 40 "
                  "characters either",
                  where, path);
    return -1;
}

static int find_server(struct known_server *found, const struct list *list, const char *endpoint,
                       const struct config *config, struct cert_error *error)
{
    int result =
        known_servers_find(found, list->text, list->length, config->known_servers, endpoint, error);

    if (result == 1)
        return 0;
    if (result == 0)
        cert_fail(error, EACCES,
                  "%s lists no server for this endpoint: add a line '%s  CERT-FILE-or-Z85'",
                  config->known_servers, endpoint);
    return -1;
}

/* What is missing or malformed in a list that is being written may have been there before. */
static int find_in_former(struct known_server *found, const char *endpoint,
                          const struct config *config)
{
    struct cert_error ignored;
    struct list former;
    int result = -1;

    if (recall_list(&former) == 1)
        result = find_server(found, &former, endpoint, config, &ignored);
    free(former.text);
    return result;
}

static int from_list(uint8_t key[KEY_BYTES], char source[KEYS_SOURCE], const struct list *list,
                     const char *endpoint, struct keys_look *look, struct cert_error *error)
{
    struct known_server entry;

    if (find_server(&entry, list, endpoint, look->config, error) != 0 &&
        (!list->young || find_in_former(&entry, endpoint, look->config) != 0))
        return -1;
    snprintf(source, KEYS_SOURCE, "%s:%u", look->config->known_servers, entry.line);
    return resolve_value(key, entry.value, source, look, error);
}

static int refuse_zero(const uint8_t key[KEY_BYTES], const char *source, struct cert_error *error)
{
    uint8_t any = 0;

    for (size_t i = 0; i < KEY_BYTES; i++)
        any |= key[i];
    return any != 0 ? 0 : cert_fail(error, EINVAL, "%s: the server's key is all zero", source);
}

int keys_server(uint8_t key[KEY_BYTES], char source[KEYS_SOURCE], const char *endpoint,
                struct keys_look *look, struct cert_error *error)
{
    struct list list;
    int result = read_list(&list, look, error);

    if (result < 0)
        return -1;
    if (result == 1) {
        result = from_list(key, source, &list, endpoint, look, error);
        free(list.text);
    } else {
        (void)text_put(source, source + KEYS_SOURCE, look->config->server_key);
        result = read_public(key, look->config->server_key, look, error);
    }
    return result == 0 ? refuse_zero(key, source, error) : -1;
}

void keys_preload_servers(const struct config *config)
{
    uint8_t key[KEY_BYTES];
    struct known_servers reader;
    struct known_server entry;
    struct keys_look look = {.config = config};
    struct cert_error ignored;
    struct list list;

    if (read_list(&list, &look, &ignored) != 1) {
        (void)read_public(key, config->server_key, &look, &ignored);
        return;
    }
    known_servers_start(&reader, list.text, list.length, config->known_servers);
    while (known_servers_next(&reader, &entry, &ignored) == 1)
        (void)resolve_value(key, entry.value, "", &look, &ignored);
    free(list.text);
}

void keys_forked_servers(void)
{
    size_t bucket;

    for (struct table_node *node = NULL; (node = table_each(&remembered, &bucket, node)) != NULL;)
        table_owner(node, struct remembered, node)->stamp.usable = false;
}
