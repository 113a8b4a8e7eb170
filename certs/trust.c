#include "certs/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/printable.h"
#include "certs/text_file.h"
#include "certs/tool.h"
#include "shim/glob.h"
#include "shim/known_servers.h"

#define FILE_NAME "known_servers"

struct list {
    char path[PATH_MAX];
    char *text; /* NULL: the file is not there */
    size_t length;
};

static int check_glob(const char *glob, struct cert_error *error)
{
    if (strlen(glob) >= KNOWN_SERVER_WORD || strpbrk(glob, " \t") != NULL || !printable(glob) ||
        glob[0] == '#')
        return cert_fail(error, EINVAL, "'%s': this can't be written into a line of " FILE_NAME,
                         glob);
    if (strstr(glob, "://") == NULL && strchr(glob, '*') == NULL)
        return cert_fail(error, EINVAL,
                         "'%s' matches no endpoint: write for example 'tcp://host:5555' or "
                         "'tcp://*:5555'",
                         glob);
    return 0;
}

static int read_list(struct list *list, const struct store *store, struct cert_error *error)
{
    struct stat status;

    snprintf(list->path, sizeof list->path, "%s/" FILE_NAME, store->path);
    list->text = NULL;
    list->length = 0;
    if (fstatat(store->fd, FILE_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return 0;
    if (S_ISLNK(status.st_mode))
        return cert_fail(error, EINVAL, "%s is a link: change what it points to", list->path);
    list->text = text_file_read(store->fd, FILE_NAME, store->path, &list->length, error);
    return list->text != NULL ? 0 : -1;
}

/* Whether a line's value, a certificate's file or the key itself, stands for key. */
static int value_is(const struct store *store, const struct list *list,
                    const struct known_server *entry, const uint8_t key[KEY_BYTES],
                    struct cert_error *error)
{
    struct certificate *certificate;
    char path[PATH_MAX];
    uint8_t written[KEY_BYTES];
    struct cert_error reason;
    struct stat status;
    int result;

    snprintf(path, sizeof path, "%s%s%s", entry->value[0] == '/' ? "" : store->path,
             entry->value[0] == '/' ? "" : "/", entry->value);
    if (stat(path, &status) != 0 && z85_decode_key(written, entry->value, strlen(entry->value)))
        return memcmp(written, key, KEY_BYTES) == 0;
    certificate = sodium_malloc(sizeof *certificate);
    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    result = certificate_read(certificate, AT_FDCWD, path, path, CERT_NEED_PUBLIC, &reason);
    if (result < 0)
        result = cert_fail(error, reason.code, "%s:%u: %.500s: mend that line first", list->path,
                           entry->line, reason.text);
    else
        result = memcmp(certificate->public_key, key, KEY_BYTES) == 0;
    sodium_free(certificate);
    return result;
}

/* The first line that decides for the endpoints of glob: 1 and *found, or 0. */
static int find(struct known_server *found, const struct list *list, const char *glob,
                struct cert_error *error)
{
    return list->text == NULL
               ? 0
               : known_servers_find(found, list->text, list->length, list->path, glob, error);
}

/* Where a line begins. */
static size_t offset_of(const struct list *list, unsigned line)
{
    const char *at = list->text, *end = list->text + list->length;

    for (unsigned n = 1; n < line && at < end; n++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline != NULL ? newline + 1 : end;
    }
    return (size_t)(at - list->text);
}

/* The list with size bytes at an offset replaced by a line of its own. */
static int write_list(struct store *store, const struct list *list, size_t offset, size_t size,
                      const char *line, struct cert_error *error)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    int result = -1;

    if (stream == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (offset > 0) {
        fwrite(list->text, 1, offset, stream);
        if (list->text[offset - 1] != '\n')
            fputc('\n', stream);
    }
    fputs(line, stream);
    if (offset + size < list->length)
        fwrite(list->text + offset + size, 1, list->length - offset - size, stream);
    if (fclose(stream) != 0)
        cert_fail(error, ENOMEM, "out of memory");
    else if (length > TEXT_FILE_MAX)
        cert_fail(error, EFBIG, "%s: it would have more than %d bytes", list->path, TEXT_FILE_MAX);
    else
        result = write_file(store->fd, store->path, FILE_NAME, text, length, 0644, WRITE_REPLACE,
                            &store->owner, error);
    free(text);
    return result;
}

static void say(const struct list *list, const char *what, unsigned line, const char *glob)
{
    tool_say("%s:%u: %s %s; it counts for what connects from now on", list->path, line, what, glob);
    if (list->text == NULL)
        tool_say("%s is in force now: server.key is not used any more, and an endpoint that no "
                 "line matches is refused",
                 list->path);
}

/* A line of its own, before another or at the end. */
static int insert(struct store *store, const struct list *list, unsigned before, const char *line,
                  const char *glob, struct cert_error *error)
{
    unsigned number = before;

    if (before == 0) {
        number = 1;
        for (size_t i = 0; i < list->length; i++)
            number += list->text[i] == '\n' || i + 1 == list->length;
    }
    if (write_list(store, list, before != 0 ? offset_of(list, before) : list->length, 0, line,
                   error) != 0)
        return -1;
    say(list, "added", number, glob);
    return 0;
}

static int change(struct store *store, const struct list *list, const struct known_server *entry,
                  const char *line, struct cert_error *error)
{
    size_t start = offset_of(list, entry->line), end = offset_of(list, entry->line + 1);

    if (write_list(store, list, start, end - start, line, error) != 0)
        return -1;
    say(list, "changed the key of", entry->line, entry->glob);
    return 0;
}

static int refuse(const struct list *list, const struct known_server *entry, const char *glob,
                  struct cert_error *error)
{
    if (strcmp(entry->glob, glob) == 0)
        return cert_fail(error, EEXIST,
                         "%s:%u: '%s' has another key there: if the server's key was rotated, or "
                         "you know why it changed, use --replace",
                         list->path, entry->line, glob);
    return cert_fail(error, EEXIST,
                     "%s:%u: '%s' comes first for this endpoint, with another key: use --replace "
                     "to put the new line before it",
                     list->path, entry->line, entry->glob);
}

static int edit(struct store *store, const struct list *list, const char *glob,
                const uint8_t key[KEY_BYTES], bool replace, struct cert_error *error)
{
    struct known_server entry;
    char z85[KEY_Z85 + 1], line[KNOWN_SERVER_WORD + KEY_Z85 + 8];
    int found = find(&entry, list, glob, error), same;

    if (found < 0)
        return -1;
    z85_encode_key(z85, key);
    snprintf(line, sizeof line, "%s  %s\n", glob, z85);
    if (found == 0)
        return insert(store, list, 0, line, glob, error);
    /* A line that is to be replaced need not be readable. */
    same = value_is(store, list, &entry, key, error);
    if (same < 0 && !(replace && strcmp(entry.glob, glob) == 0))
        return -1;
    if (same == 1) {
        tool_say("%s:%u: known already", list->path, entry.line);
        return 0;
    }
    if (!replace)
        return refuse(list, &entry, glob, error);
    return strcmp(entry.glob, glob) == 0 ? change(store, list, &entry, line, error)
                                         : insert(store, list, entry.line, line, glob, error);
}

int trust(struct store *store, const char *glob, const uint8_t key[KEY_BYTES], bool replace,
          struct cert_error *error)
{
    struct list list;
    int result = check_glob(glob, error);

    if (result != 0 || read_list(&list, store, error) != 0)
        return -1;
    result = edit(store, &list, glob, key, replace, error);
    free(list.text);
    return result;
}
