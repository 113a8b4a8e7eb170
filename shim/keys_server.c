#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/keys.h"
#include "shim/keys_files.h"
#include "shim/known_servers.h"
#include "shim/table_room.h"

#define LIST_MAX (1024 * 1024)
#define PATH_ROOM 4096

/* Public keys that were read once, by the path of their certificate. */
struct remembered {
    struct table_node node;
    uint8_t key[KEY_BYTES];
    char path[];
};
static struct table remembered;

/* The text of known_servers that was read last; replaced, never changed. */
static char *list_text;
static size_t list_length;

static struct remembered *recall(const char *path)
{
    struct table_node *node = table_first(&remembered, table_hash(path, strlen(path)));

    for (; node != NULL; node = table_next(node))
        if (strcmp(table_owner(node, struct remembered, node)->path, path) == 0)
            return table_owner(node, struct remembered, node);
    return NULL;
}

static void remember(const char *path, const uint8_t key[KEY_BYTES])
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
    if (entry != NULL)
        memcpy(entry->key, key, KEY_BYTES);
    lock_drop(LOCK_KEYS);
    free(fresh);
}

static int read_public(uint8_t key[KEY_BYTES], const char *path, const struct config *config,
                       struct cert_error *error)
{
    struct certificate *certificate = malloc(sizeof *certificate);
    const struct remembered *entry;
    int result;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "%s: out of memory", path);
    result = keys_read_file(certificate, config, path, CERT_NEED_PUBLIC, error);
    if (result == 0) {
        memcpy(key, certificate->public_key, KEY_BYTES);
        remember(path, key);
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

/* Reads a whole regular file into memory of its own. */
static int slurp(char **text, size_t *length, const char *path, struct cert_error *error)
{
    struct stat status;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), result = -1;

    *text = NULL;
    *length = 0;
    if (fd < 0)
        return explain_unopened(path, error);
    if (fstat(fd, &status) != 0)
        cert_fail(error, errno, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode) || status.st_size > LIST_MAX)
        cert_fail(error, EINVAL, "%s: not a regular file of at most %d bytes", path, LIST_MAX);
    else if (status.st_mode & S_IWOTH)
        cert_fail(error, EPERM, "%s: others can write this file: run chmod o-w %s", path, path);
    else if ((*text = malloc((size_t)status.st_size + 1)) == NULL)
        cert_fail(error, ENOMEM, "%s: out of memory", path);
    else
        result = 0;
    while (result == 0 && *length < (size_t)status.st_size) {
        n = read(fd, *text + *length, (size_t)status.st_size - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        *length += (size_t)n;
    }
    if (result == 0 && n < 0)
        result = cert_fail(error, errno, "%s: %s", path, strerror(errno));
    close(fd);
    if (result != 0) {
        free(*text);
        *text = NULL;
    }
    return result;
}

static void remember_list(const char *text, size_t length)
{
    char *old, *copy = malloc(length + 1);

    if (copy == NULL || text == NULL) {
        free(copy);
        return;
    }
    memcpy(copy, text, length);
    lock_take(LOCK_KEYS);
    old = list_text;
    list_text = copy;
    list_length = length;
    lock_drop(LOCK_KEYS);
    free(old);
}

/* A copy of the list that was read last. 1; 0 if there was none; -1 when out of memory. */
static int recall_list(char **text, size_t *length)
{
    int result = 0;

    *text = malloc(LIST_MAX + 1);
    if (*text == NULL)
        return -1;
    lock_take(LOCK_KEYS);
    if (list_text != NULL) {
        memcpy(*text, list_text, list_length);
        *length = list_length;
        result = 1;
    }
    lock_drop(LOCK_KEYS);
    if (result == 1)
        return 1;
    free(*text);
    *text = NULL;
    return 0;
}

/* A copy of known_servers as it is now, or as it was last. 1, or 0 if it is not in force. */
static int read_list(char **text, size_t *length, const struct config *config,
                     struct cert_error *error)
{
    int result = keys_check_directory(config, config->known_servers, error);

    if (result == 0)
        result = slurp(text, length, config->known_servers, error);
    if (result == 0) {
        remember_list(*text, *length);
        return 1;
    }
    if (keys_out_of_reach(error)) {
        result = recall_list(text, length);
        if (result != 0)
            return result;
    }
    return error->code == ENOENT && !config->known_servers_set ? 0 : -1;
}

/* The key that a word of known_servers stands for: a certificate's file, or the key itself. */
static int resolve_value(uint8_t key[KEY_BYTES], const char *value, const char *where,
                         const struct config *config, struct cert_error *error)
{
    char path[PATH_ROOM];
    struct stat status;

    snprintf(path, sizeof path, "%s%s%s", value[0] == '/' ? "" : config->certs,
             value[0] == '/' ? "" : "/", value);
    if (stat(path, &status) != 0 && z85_decode_key(key, value, strlen(value)))
        return 0;
    if (read_public(key, path, config, error) == 0)
        return 0;
    if (error->code == ENOENT)
        cert_fail(error, ENOENT,
                  "%s: there is no certificate %s, and it is not a Z85 key of 40 "
                  "characters either",
                  where, path);
    return -1;
}

static int from_list(uint8_t key[KEY_BYTES], char source[KEYS_SOURCE], const char *text,
                     size_t length, const char *endpoint, const struct config *config,
                     struct cert_error *error)
{
    struct known_server entry;
    int found = known_servers_find(&entry, text, length, config->known_servers, endpoint, error);

    if (found < 0)
        return -1;
    if (found == 0)
        return cert_fail(error, EACCES,
                         "%s lists no server for this endpoint: add a line '%s  CERT-FILE-or-Z85'",
                         config->known_servers, endpoint);
    snprintf(source, KEYS_SOURCE, "%s:%u", config->known_servers, entry.line);
    return resolve_value(key, entry.value, source, config, error);
}

static int refuse_zero(const uint8_t key[KEY_BYTES], const char *source, struct cert_error *error)
{
    uint8_t any = 0;

    for (size_t i = 0; i < KEY_BYTES; i++)
        any |= key[i];
    return any != 0 ? 0 : cert_fail(error, EINVAL, "%s: the server's key is all zero", source);
}

int keys_server(uint8_t key[KEY_BYTES], char source[KEYS_SOURCE], const char *endpoint,
                const struct config *config, struct cert_error *error)
{
    char *text = NULL;
    size_t length = 0;
    int result = read_list(&text, &length, config, error);

    if (result < 0)
        return -1;
    if (result == 1) {
        result = from_list(key, source, text, length, endpoint, config, error);
        free(text);
    } else {
        snprintf(source, KEYS_SOURCE, "%s", config->server_key);
        result = read_public(key, config->server_key, config, error);
    }
    return result == 0 ? refuse_zero(key, source, error) : -1;
}

void keys_preload_servers(const struct config *config)
{
    uint8_t key[KEY_BYTES];
    struct known_servers reader;
    struct known_server entry;
    struct cert_error ignored;
    char *text = NULL;
    size_t length = 0;

    if (read_list(&text, &length, config, &ignored) != 1) {
        (void)read_public(key, config->server_key, config, &ignored);
        return;
    }
    known_servers_start(&reader, text, length, config->known_servers);
    while (known_servers_next(&reader, &entry, &ignored) == 1)
        (void)resolve_value(key, entry.value, "", config, &ignored);
    free(text);
}
