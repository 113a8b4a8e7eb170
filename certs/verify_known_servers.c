#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/pair.h"
#include "certs/text_file.h"
#include "certs/verify.h"
#include "shim/known_servers.h"

#define FILE_NAME "known_servers"

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
    struct cert_error error = {0};
    struct stat status;
    size_t length = 0;
    char path[PATH_MAX], *text = text_file_read(store->fd, FILE_NAME, store->path, &length, &error);

    snprintf(path, sizeof path, "%s/" FILE_NAME, store->path);
    if (text != NULL)
        check_text(store, path, text, length, findings);
    else if (error.code != ENOENT)
        verify_problem(findings, "%s", error.text);
    else if (fstatat(store->fd, FILE_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
        verify_problem(findings,
                       "%s: this link leads nowhere, and every connect is refused: put the list "
                       "of servers where it points, or remove it",
                       path);
    free(text);
}
