#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/pair.h"
#include "certs/scan.h"
#include "certs/verify.h"

struct visit {
    const struct store *store;
    struct findings *findings;
};

static bool exists(const struct store *store, const char *name)
{
    struct stat status;

    return fstatat(store->fd, name, &status, 0) == 0;
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);

    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

static void check_directory(const struct subdirectory *directory, struct findings *findings)
{
    struct cert_error error;

    if (directory->fd >= 0 && certificate_directory_check(directory->path, false, &error) != 0)
        verify_problem(findings, "%s", error.text);
}

void verify_layout(const struct store *store, struct findings *findings)
{
    struct cert_error error;
    bool binds = exists(store, "server.key_secret"), connects = exists(store, "client.key_secret");

    if (certificate_directory_check(store->path, false, &error) != 0)
        verify_problem(findings, "%s", error.text);
    check_directory(&store->authorized, findings);
    check_directory(&store->revoked, findings);
    if (!binds && !connects)
        verify_problem(findings,
                       "%s: neither server.key_secret nor client.key_secret is there: run "
                       "'curveshim-cert init %s', or name others in SECURE_ZMQ_SERVER_CERT and "
                       "SECURE_ZMQ_CLIENT_CERT",
                       store->path, store->path);
    if (binds && store->authorized.fd < 0)
        verify_problem(findings,
                       "%s: the directory is missing, so every bind is refused: run "
                       "'curveshim-cert init %s'",
                       store->authorized.path, store->path);
    if (connects && !exists(store, "server.key") && !exists(store, "known_servers"))
        verify_problem(findings,
                       "%s: neither server.key nor known_servers is there, so every connect is "
                       "refused: copy server.key from the server's machine",
                       store->path);
}

/* The public file of a pair, where it is not the one beside the secret file that was just read. */
static void check_public_half(const struct visit *visit, const char *secret_file,
                              const struct certificate *secret)
{
    struct certificate *certificate = sodium_malloc(sizeof *certificate);
    struct cert_error error;
    char name[256], path[PATH_MAX];
    const struct store *store = visit->store;

    snprintf(name, sizeof name, "%.*s", (int)(strlen(secret_file) - strlen("_secret")),
             secret_file);
    snprintf(path, sizeof path, "%s/%s", store->path, name);
    if (certificate == NULL)
        return;
    if (!exists(store, name))
        verify_note(visit->findings, "%s is missing: 'curveshim-cert init %s' makes it from %s",
                    path, store->path, secret_file);
    else if (certificate_read(certificate, store->fd, name, path, CERT_NEED_PUBLIC, &error) == 0 &&
             memcmp(certificate->public_key, secret->public_key, KEY_BYTES) != 0)
        verify_problem(visit->findings,
                       "%s does not belong to %s/%s: remove it and run 'curveshim-cert init %s', "
                       "which makes it from the secret one, or finish a rotation that was cut "
                       "short with 'curveshim-cert rotate'",
                       path, store->path, secret_file, store->path);
    sodium_free(certificate);
}

static void visit_secret(const struct scanned *scanned, void *context)
{
    const struct visit *visit = context;

    if (scanned->certificate == NULL) {
        /* Who may read it is mended as the text says. */
        verify_problem(visit->findings, "%s%s", scanned->error->text,
                       scanned->error->code == EPERM || scanned->error->code == EACCES
                           ? ""
                           : ": mend it, or make a new pair");
        return;
    }
    if (scanned->error->code != 0)
        verify_problem(visit->findings, "%s", scanned->error->text);
    if (!pair_matches(scanned->certificate)) {
        verify_problem(visit->findings,
                       "%s: the public and the secret key don't belong together: make a new pair "
                       "with 'curveshim-cert new'",
                       scanned->path);
        return;
    }
    if (ends_in(scanned->name, ".next.key_secret")) {
        verify_note(visit->findings,
                    "%s: a rotation is prepared; go on with 'curveshim-cert rotate ... --switch'",
                    scanned->path);
        return;
    }
    if (ends_in(scanned->name, ".superseded.key_secret"))
        verify_note(visit->findings,
                    "%s: a rotation is under way; end it with 'curveshim-cert rotate ... --finish'",
                    scanned->path);
    check_public_half(visit, scanned->name, scanned->certificate);
}

static void visit_public(const struct scanned *scanned, void *context)
{
    const struct visit *visit = context;

    if (scanned->certificate == NULL)
        verify_problem(visit->findings, "%s%s", scanned->error->text,
                       scanned->error->code == EPERM ? "" : ": mend it, or replace it");
    else if (scanned->certificate->has_secret)
        verify_problem(visit->findings,
                       "%s holds a secret key, but *.key files are given away: rename it to end in "
                       ".key_secret, and chmod 600",
                       scanned->path);
    else if (pair_key_is_weak(scanned->certificate->public_key))
        verify_problem(visit->findings, "%s: this public key protects nothing: make a new pair",
                       scanned->path);
}

void verify_pairs(const struct store *store, struct findings *findings)
{
    struct visit visit = {store, findings};
    struct cert_error error;

    if (scan_certificates(store->fd, store->path, "_secret",
                          CERT_NEED_PUBLIC | CERT_NEED_SECRET | CERT_PERMISSIONS_WARN, visit_secret,
                          &visit, &error) != 0 ||
        scan_certificates(store->fd, store->path, ".key", CERT_NEED_PUBLIC, visit_public, &visit,
                          &error) != 0)
        verify_problem(findings, "%s", error.text);
}
