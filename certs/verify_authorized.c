#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "certs/metadata.h"
#include "certs/pair.h"
#include "certs/rights.h"
#include "certs/scan.h"
#include "certs/verify.h"
#include "shim/policy.h"

struct visit {
    struct findings *findings;
    const char *consequence; /* of a file that can't be used */
    struct keyset keys;      /* of the files seen so far */
};

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);

    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* Everything that makes the shim leave the file out. */
static bool usable(const struct scanned *scanned, struct visit *visit)
{
    struct policy *policy;
    struct cert_error error;

    if (scanned->certificate == NULL) {
        verify_problem(visit->findings, "%s: %s: mend or remove it", scanned->error->text,
                       visit->consequence);
        return false;
    }
    if (scanned->certificate->has_secret)
        verify_problem(visit->findings,
                       "%s holds a secret key, which nobody but its owner needs: replace it by the "
                       "public certificate, and its key pair if others could read it",
                       scanned->path);
    policy = policy_new(scanned->certificate, scanned->path, scanned->name, &error);
    if (policy == NULL)
        verify_problem(visit->findings, "%s: %s: mend that value", error.text, visit->consequence);
    policy_free(policy);
    return policy != NULL;
}

static void visit_revoked(const struct scanned *scanned, void *context)
{
    struct visit *visit = context;

    if (usable(scanned, visit))
        keyset_add(&visit->keys, scanned->certificate->public_key, scanned->name, NULL);
}

static void check_metadata(const struct scanned *scanned, struct findings *findings)
{
    for (unsigned i = 0; i < scanned->certificate->metadata_count; i++) {
        const char *name = scanned->certificate->metadata[i].name;
        const char *meant = metadata_misnamed(name);

        if (meant != NULL)
            verify_problem(findings, "%s:%u: metadata '%s' has no effect: write '%s'",
                           scanned->path, scanned->certificate->metadata[i].line, name, meant);
    }
}

static void visit_authorized(const struct scanned *scanned, void *context)
{
    struct visit *visit = context;
    const struct certificate *certificate = scanned->certificate;
    char validity[128];
    enum rights rights;

    if (!usable(scanned, visit))
        return;
    check_metadata(scanned, visit->findings);
    if (pair_key_is_weak(certificate->public_key))
        verify_problem(visit->findings, "%s: this public key protects nothing: remove it",
                       scanned->path);
    rights = rights_now(certificate, time(NULL));
    rights_validity(validity, sizeof validity, certificate, time(NULL));
    if (rights == RIGHTS_EXPIRED)
        verify_problem(visit->findings, "%s: %s: set a later 'expires' in it, or remove it",
                       scanned->path, validity);
    else if (rights == RIGHTS_NOT_YET)
        verify_note(visit->findings, "%s: %s", scanned->path, validity);
    keyset_add(&visit->keys, certificate->public_key, scanned->name, NULL);
}

static int by_key_then_file(const void *a, const void *b)
{
    const struct keyset_entry *left = a, *right = b;
    int order = memcmp(left->key, right->key, KEY_BYTES);

    return order != 0 ? order : strcmp(left->file, right->file);
}

static void check_duplicates(const struct store *store, struct keyset *authorized,
                             struct findings *findings)
{
    if (authorized->count > 0)
        qsort(authorized->entries, authorized->count, sizeof *authorized->entries,
              by_key_then_file);
    for (size_t i = 1; i < authorized->count; i++) {
        const struct keyset_entry *entry = &authorized->entries[i];

        if (memcmp(entry[-1].key, entry->key, KEY_BYTES) == 0)
            verify_problem(findings,
                           "%s: %s and %s hold the same key, only the first counts: remove one",
                           store->authorized.path, entry[-1].file, entry->file);
    }
}

static void check_revoked(const struct store *store, const struct keyset *authorized,
                          const struct keyset *revoked, struct findings *findings)
{
    for (size_t i = 0; i < authorized->count; i++) {
        const char *file = keyset_find(revoked, authorized->entries[i].key);

        if (file != NULL)
            verify_problem(findings,
                           "%s/%s is revoked by %s/%s, and stays refused: remove the one that is "
                           "wrong",
                           store->authorized.path, authorized->entries[i].file, store->revoked.path,
                           file);
    }
}

/* What lies about and counts for nothing. */
static void check_strangers(const struct subdirectory *directory, struct findings *findings)
{
    struct cert_error error;
    struct names names;

    if (names_read(&names, directory->fd, directory->path, "", &error) != 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        if (ends_in(names.items[i], "_secret"))
            verify_problem(findings,
                           "%s/%s: a secret key does not belong here: move it to its owner's "
                           "machine",
                           directory->path, names.items[i]);
        else if (!ends_in(names.items[i], ".key"))
            verify_note(findings, "%s/%s is left out: only names that end in .key count",
                        directory->path, names.items[i]);
    }
    names_free(&names);
}

static void scan(const struct subdirectory *directory, scan_visit function, struct visit *visit)
{
    struct cert_error error;

    if (directory->fd < 0)
        return;
    if (scan_certificates(directory->fd, directory->path, ".key", CERT_NEED_PUBLIC, function, visit,
                          &error) != 0)
        verify_problem(visit->findings, "%s", error.text);
    check_strangers(directory, visit->findings);
}

void verify_authorized(const struct store *store, struct findings *findings)
{
    struct visit authorized = {.findings = findings, .consequence = "it authorises nobody"};
    struct visit revoked = {.findings = findings, .consequence = "it revokes nobody"};

    scan(&store->revoked, visit_revoked, &revoked);
    scan(&store->authorized, visit_authorized, &authorized);
    check_duplicates(store, &authorized.keys, findings);
    check_revoked(store, &authorized.keys, &revoked.keys, findings);
    if (store->authorized.fd >= 0 && authorized.keys.count == 0)
        verify_note(findings, "%s authorises nobody: 'curveshim-cert authorize %s FILE' does",
                    store->authorized.path, store->path);
    keyset_free(&authorized.keys);
    keyset_free(&revoked.keys);
}
