#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "certs/revocation.h"
#include "certs/rotation.h"
#include "certs/rotation_internal.h"
#include "certs/tool.h"

/* The old key must not go where that would shut the holder out. */
static int check_authorized(const struct rotation *r, struct cert_error *error)
{
    const struct subdirectory *in = &r->store->authorized;
    struct keyset set;
    int result = 0;

    if (keyset_load(&set, in->fd, in->path, error) != 0)
        return -1;
    if (keyset_find(&set, r->other->public_key) != NULL &&
        keyset_find(&set, r->current->public_key) == NULL)
        result =
            cert_fail(error, EPERM,
                      "%s: only the old key of %s is authorized, the new one is not: run "
                      "'curveshim-cert authorize %s %s/%s' first, or 'curveshim-cert revoke' "
                      "to shut %s out",
                      in->path, r->name, r->store->path, r->store->path, r->public_file, r->name);
    keyset_free(&set);
    return result;
}

static int take_away(struct store *store, const struct certificate *old, const char *name,
                     bool revoke, struct cert_error *error)
{
    if (revoke)
        return revocation(store, old, name, error);
    return store->authorized.fd >= 0 && store_remove(&store->authorized, old->public_key, error) < 0
               ? -1
               : 0;
}

static int finish(struct rotation *r, bool revoke, struct cert_error *error)
{
    struct store *store = r->store;
    bool secret = rotation_exists(r, r->old_secret_file);

    if (rotation_exists(r, r->next_file))
        return cert_fail(error, EBUSY,
                         "%s/%s: the new pair is not in use yet: run 'curveshim-cert rotate %s %s "
                         "--switch' before --finish",
                         store->path, r->next_file, store->path, r->name);
    if (!secret && !rotation_exists(r, r->old_public_file))
        return cert_fail(error, ENOENT, "%s: no rotation of %s is under way", store->path, r->name);
    if (rotation_complete(r, error) < 0 ||
        rotation_read(r, r->other, secret ? r->old_secret_file : r->old_public_file,
                      CERT_NEED_PUBLIC, error) != 0 ||
        check_authorized(r, error) != 0 || take_away(store, r->other, r->name, revoke, error) != 0)
        return -1;
    /* The public half last: a run that is cut short finds the key in it. */
    if (write_remove(store->fd, store->path, r->old_secret_file, error) != 0 ||
        write_remove(store->fd, store->path, r->old_public_file, error) != 0)
        return -1;
    tool_say("removed the old pair of %s", r->name);
    return 0;
}

struct marked {
    const char *name; /* whose */
    unsigned found, current;
};

/* Whether a file of authorized_clients/ is marked; *certificate is read. */
static int is_marked(struct store *store, const char *file, struct certificate *certificate,
                     struct cert_error *error)
{
    const struct subdirectory *in = &store->authorized;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", in->path, file);
    if (certificate_read(certificate, in->fd, file, path, CERT_NEED_PUBLIC, error) != 0)
        return -1;
    return certificate_metadata(certificate, ROTATION_SUPERSEDED) != NULL;
}

/* Counts what is marked and what is not, and takes what is marked away if told to. */
static int visit_marked(struct store *store, struct marked *marked, bool remove, bool revoke,
                        struct cert_error *error)
{
    struct certificate *certificate = sodium_malloc(sizeof *certificate);
    struct keyset set;
    int result = 0;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    result = keyset_load(&set, store->authorized.fd, store->authorized.path, error);
    for (size_t i = 0; result == 0 && i < set.count; i++) {
        int is;

        if (!store_is_named(set.entries[i].file, marked->name))
            continue;
        is = is_marked(store, set.entries[i].file, certificate, error);
        marked->found += is == 1;
        marked->current += is == 0;
        if (is < 0 ||
            (is == 1 && remove && take_away(store, certificate, marked->name, revoke, error) != 0))
            result = -1;
    }
    keyset_free(&set);
    sodium_free(certificate);
    return result;
}

/* A client whose pair is kept elsewhere. */
static int finish_elsewhere(struct store *store, const char *name, bool revoke,
                            struct cert_error *error)
{
    struct marked marked = {.name = name};

    if (visit_marked(store, &marked, false, false, error) != 0)
        return -1;
    if (marked.found == 0)
        return cert_fail(error, ENOENT,
                         "%s: there is no pair %s.key_secret, and no authorized key of %s is "
                         "superseded: no rotation of it is under way",
                         store->path, name, name);
    if (marked.current == 0)
        return cert_fail(error, EPERM,
                         "%s: only the old key of %s is authorized: run 'curveshim-cert authorize' "
                         "with the new one first, or 'curveshim-cert revoke' to shut %s out",
                         store->authorized.path, name, name);
    return visit_marked(store, &marked, true, revoke, error);
}

int rotation_finish(struct store *store, const char *name, bool revoke, struct cert_error *error)
{
    struct rotation r = {0};
    struct cert_error reason;
    int result = rotation_begin(&r, store, name, &reason);

    if (result == 0)
        result = finish(&r, revoke, error);
    else if (reason.code == ENOENT)
        result = finish_elsewhere(store, name, revoke, error);
    else
        *error = reason;
    rotation_end(&r);
    return result;
}
