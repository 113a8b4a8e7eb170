#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/pair.h"
#include "certs/verify.h"
#include "shim/known_servers.h"

#define FILE_NAME "known_servers"
#define LIST_MAX (1024 * 1024)

static char *slurp(int fd, const char *path, size_t *length, struct cert_error *error)
{
    struct stat status;
    ssize_t n = 1;
    char *text;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > LIST_MAX) {
        cert_fail(error, EINVAL, "%s: not a regular file of at most %d bytes: replace it", path,
                  LIST_MAX);
        return NULL;
    }
    if (status.st_mode & S_IWOTH) {
        cert_fail(error, EPERM, "%s: others can write this file: run chmod o-w %s", path, path);
        return NULL;
    }
    text = malloc(LIST_MAX);
    for (*length = 0; text != NULL && n > 0 && *length < LIST_MAX; *length += (size_t)n) {
        n = read(fd, text + *length, LIST_MAX - *length);
        if (n < 0) {
            cert_fail(error, errno, "%s: %s", path, strerror(errno));
            free(text);
            return NULL;
        }
    }
    return text;
}

static void check_value(const struct store *store, const char *value, const char *where,
                        struct findings *findings)
{
    static struct certificate certificate;
    char path[PATH_MAX];
    uint8_t key[KEY_BYTES];
    struct cert_error error;
    struct stat status;

    snprintf(path, sizeof path, "%s%s%s", value[0] == '/' ? "" : store->path,
             value[0] == '/' ? "" : "/", value);
    if (stat(path, &status) == 0) {
        if (certificate_read(&certificate, AT_FDCWD, path, path, CERT_NEED_PUBLIC, &error) != 0)
            verify_problem(findings, "%s: %s: mend or replace that certificate", where, error.text);
        else if (pair_key_is_weak(certificate.public_key))
            verify_problem(findings, "%s: the key in %s protects nothing: replace it", where, path);
        certificate_wipe(&certificate);
    } else if (!z85_decode_key(key, value, strlen(value))) {
        verify_problem(findings,
                       "%s: there is no certificate %s, and it is not a public key of 40 "
                       "characters either: mend the line, or copy the server's certificate there",
                       where, path);
    } else if (pair_key_is_weak(key)) {
        verify_problem(findings, "%s: this public key protects nothing: replace it", where);
    }
}

static void check_text(const struct store *store, const char *path, const char *text, size_t length,
                       struct findings *findings)
{
    struct known_servers reader;
    struct known_server entry;
    struct cert_error error;
    char where[PATH_MAX + 16];
    int result;

    known_servers_start(&reader, text, length, path);
    while ((result = known_servers_next(&reader, &entry, &error)) == 1) {
        snprintf(where, sizeof where, "%s:%u", path, entry.line);
        check_value(store, entry.value, where, findings);
    }
    if (result < 0)
        verify_problem(findings, "%s: mend that line; until then every connect is refused",
                       error.text);
}

void verify_known_servers(const struct store *store, struct findings *findings)
{
    char path[PATH_MAX], *text;
    struct cert_error error = {0};
    struct stat status;
    size_t length = 0;
    int fd = openat(store->fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    snprintf(path, sizeof path, "%s/" FILE_NAME, store->path);
    if (fd < 0 && errno == ENOENT) {
        if (fstatat(store->fd, FILE_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
            verify_problem(findings,
                           "%s: this link leads nowhere, and every connect is refused: put the "
                           "list of servers where it points, or remove it",
                           path);
        return;
    }
    if (fd < 0) {
        verify_problem(findings, "%s: %s: make it readable for the agents", path, strerror(errno));
        return;
    }
    text = slurp(fd, path, &length, &error);
    close(fd);
    if (text == NULL)
        verify_problem(findings, "%s", error.text);
    else
        check_text(store, path, text, length, findings);
    free(text);
}
