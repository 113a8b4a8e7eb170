#include "certs/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/pair.h"
#include "certs/revocation.h"
#include "certs/tool.h"

struct rotation {
    struct store *store;
    const char *name;
    char secret_file[256], public_file[256];
    char next_file[256];
    char old_secret_file[256], old_public_file[256];
    struct certificate *current; /* NAME.key_secret */
    struct certificate *other;   /* NAME.next.key_secret, or the superseded one */
};

static bool exists(const struct rotation *r, const char *file)
{
    struct stat status;

    return fstatat(r->store->fd, file, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int read_here(const struct rotation *r, struct certificate *certificate, const char *file,
                     unsigned need, struct cert_error *error)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", r->store->path, file);
    if (certificate_read(certificate, r->store->fd, file, path, need, error) < 0)
        return -1;
    if (!(need & CERT_NEED_SECRET) || pair_matches(certificate))
        return 0;
    return cert_fail(error, EINVAL,
                     "%s: the public and the secret key don't belong together: remove it", path);
}

static int begin(struct rotation *r, struct store *store, const char *name,
                 struct cert_error *error)
{
    struct stat status;

    r->store = store;
    r->name = name;
    snprintf(r->secret_file, sizeof r->secret_file, "%s.key_secret", name);
    snprintf(r->public_file, sizeof r->public_file, "%s.key", name);
    snprintf(r->next_file, sizeof r->next_file, "%s.next.key_secret", name);
    snprintf(r->old_secret_file, sizeof r->old_secret_file, "%s.superseded.key_secret", name);
    snprintf(r->old_public_file, sizeof r->old_public_file, "%s.superseded.key", name);
    r->current = sodium_malloc(sizeof *r->current);
    r->other = sodium_malloc(sizeof *r->other);
    if (r->current == NULL || r->other == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (!exists(r, r->secret_file))
        return cert_fail(error, ENOENT,
                         "%s/%s: there is no such pair: make one with 'curveshim-cert new %s %s'",
                         store->path, r->secret_file, store->path, name);
    /* The new pair is for the same user as the old one. */
    if (geteuid() == 0 && fstatat(store->fd, r->secret_file, &status, 0) == 0)
        store->owner = (struct owner){true, status.st_uid, status.st_gid};
    return read_here(r, r->current, r->secret_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error);
}

static void end(struct rotation *r)
{
    sodium_free(r->current);
    sodium_free(r->other);
}

/* NAME.key as NAME.key_secret has it. */
static int write_public_half(struct rotation *r, struct cert_error *error)
{
    struct metadata metadata = {0};

    if (metadata_take(&metadata, r->current, r->secret_file, error) != 0)
        return -1;
    return pair_write_public(r->store->fd, r->store->path, r->public_file, &metadata,
                             r->current->public_key, WRITE_REPLACE, &r->store->owner, error);
}

/* 1 if there is nothing left to start, 0 if NAME.next.key_secret is ready in r->other. */
static int prepare_next(struct rotation *r, struct cert_error *error)
{
    struct metadata metadata = {0};
    uint8_t public_key[KEY_BYTES];

    if (!exists(r, r->next_file)) {
        if (exists(r, r->old_secret_file) || exists(r, r->old_public_file))
            return 1;
        if (metadata_take(&metadata, r->current, r->secret_file, error) != 0 ||
            pair_write_secret(r->store->fd, r->store->path, r->next_file, &metadata,
                              &r->store->owner, public_key, error) != 0)
            return -1;
    }
    return read_here(r, r->other, r->next_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error);
}

/* The second step of a rotation is the same as the first one's end: the public half may lack. */
static int complete(struct rotation *r, struct cert_error *error)
{
    struct certificate *found = r->other;

    if (found == NULL || r->current == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (read_here(r, found, r->public_file, CERT_NEED_PUBLIC, error) == 0 &&
        memcmp(found->public_key, r->current->public_key, KEY_BYTES) == 0)
        return 0;
    if (write_public_half(r, error) != 0)
        return -1;
    tool_say("completed %s/%s", r->store->path, r->public_file);
    return 1;
}

static int add_beside(struct rotation *r, const struct metadata *metadata, struct cert_error *error)
{
    const struct subdirectory *to = &r->store->authorized;
    char file[256];

    if (store_add(r->store, to, r->name, metadata, r->other->public_key, file, error) != 0)
        return -1;
    tool_say("authorized the new key: %s/%s", to->path, file);
    return 0;
}

/* 1 if the old key is authorised here, and now the new one too; 0 if not. */
static int authorize_next(struct rotation *r, struct cert_error *error)
{
    const struct subdirectory *in = &r->store->authorized;
    struct certificate *policy = sodium_malloc(sizeof *policy);
    struct metadata metadata = {0};
    struct keyset set;
    const char *file;
    char path[PATH_MAX];
    int result = 0;

    if (policy == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (keyset_load(&set, in->fd, in->path, error) != 0) {
        result = -1;
    } else if ((file = keyset_find(&set, r->current->public_key)) != NULL) {
        result = 1;
        snprintf(path, sizeof path, "%s/%s", in->path, file);
        if (keyset_find(&set, r->other->public_key) == NULL &&
            (certificate_read(policy, in->fd, file, path, CERT_NEED_PUBLIC, error) != 0 ||
             metadata_take(&metadata, policy, path, error) != 0 ||
             add_beside(r, &metadata, error) != 0))
            result = -1;
    }
    keyset_free(&set);
    sodium_free(policy);
    return result;
}

static int keep_old(struct rotation *r, struct cert_error *error)
{
    struct store *store = r->store;
    struct metadata metadata = {0};
    struct cert_error reason = {0};

    if (metadata_take(&metadata, r->current, r->secret_file, error) != 0)
        return -1;
    if ((pair_copy_secret(store->fd, store->path, r->old_secret_file, r->current, WRITE_NEW,
                          &store->owner, &reason) != 0 &&
         reason.code != EEXIST) ||
        (pair_write_public(store->fd, store->path, r->old_public_file, &metadata,
                           r->current->public_key, WRITE_NEW, &store->owner, &reason) != 0 &&
         reason.code != EEXIST)) {
        *error = reason;
        return -1;
    }
    return 0;
}

static int switch_over(struct rotation *r, struct cert_error *error)
{
    if (keep_old(r, error) != 0 ||
        write_rename(r->store->fd, r->store->path, r->next_file, r->secret_file, error) != 0)
        return -1;
    if (read_here(r, r->current, r->secret_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error) != 0)
        return -1;
    return write_public_half(r, error);
}

static void say_started(const struct rotation *r, bool authorized)
{
    const char *path = r->store->path, *name = r->name;

    tool_say("%s/%s is the new pair; the old one is kept in %s/%s", path, r->secret_file, path,
             r->old_secret_file);
    if (strcmp(name, "server") == 0) {
        tool_say("this is the pair for binding: EVERY CLIENT NEEDS THE NEW PUBLIC KEY, in %s/%s:",
                 path, r->public_file);
        tool_say("    copy it to each client, or put it into their known_servers");
        tool_say("programs that are bound keep the old key until they bind again");
    } else if (authorized) {
        tool_say("both keys are authorized here; new connections of %s use the new one", name);
        tool_say("other servers need it too: curveshim-cert authorize DIR %s/%s", path,
                 r->public_file);
    } else {
        tool_say("it is NOT authorized here: whoever knows the old key needs the new one, in "
                 "%s/%s:",
                 path, r->public_file);
        tool_say("    on a server: curveshim-cert authorize DIR %s", r->public_file);
    }
    tool_say("when nobody uses the old pair any more: curveshim-cert rotate %s %s --finish", path,
             name);
}

static int start(struct rotation *r, struct cert_error *error)
{
    int authorized, ready = prepare_next(r, error);

    if (ready < 0)
        return -1;
    if (ready == 1 && (ready = complete(r, error)) != 0)
        return ready < 0 ? -1 : 0;
    if (!exists(r, r->next_file))
        return cert_fail(error, EEXIST,
                         "%s/%s is there: a rotation of %s is under way already; end it with "
                         "'curveshim-cert rotate %s %s --finish'",
                         r->store->path, r->old_secret_file, r->name, r->store->path, r->name);
    /* Whoever reads the directory must find the new key authorised before it is used. */
    authorized = authorize_next(r, error);
    if (authorized < 0 || switch_over(r, error) != 0)
        return -1;
    say_started(r, authorized == 1);
    return 0;
}

int rotation_start(struct store *store, const char *name, struct cert_error *error)
{
    struct rotation r = {0};
    int result = begin(&r, store, name, error);

    if (result == 0)
        result = start(&r, error);
    end(&r);
    return result;
}

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

static int finish(struct rotation *r, bool revoke, struct cert_error *error)
{
    struct store *store = r->store;
    bool secret = exists(r, r->old_secret_file);

    if (exists(r, r->next_file))
        return cert_fail(error, EBUSY,
                         "%s/%s: the first step was cut short: run 'curveshim-cert rotate %s %s' "
                         "again before --finish",
                         store->path, r->next_file, store->path, r->name);
    if (!secret && !exists(r, r->old_public_file))
        return cert_fail(error, ENOENT, "%s: no rotation of %s is under way", store->path, r->name);
    if (complete(r, error) < 0 ||
        read_here(r, r->other, secret ? r->old_secret_file : r->old_public_file, CERT_NEED_PUBLIC,
                  error) != 0 ||
        check_authorized(r, error) != 0)
        return -1;
    if (revoke ? revocation(store, r->other, r->name, error) != 0
               : store->authorized.fd >= 0 &&
                     store_remove(&store->authorized, r->other->public_key, error) < 0)
        return -1;
    /* The public half last: a run that is cut short finds the key in it. */
    if (write_remove(store->fd, store->path, r->old_secret_file, error) != 0 ||
        write_remove(store->fd, store->path, r->old_public_file, error) != 0)
        return -1;
    tool_say("removed the old pair of %s", r->name);
    return 0;
}

int rotation_finish(struct store *store, const char *name, bool revoke, struct cert_error *error)
{
    struct rotation r = {0};
    int result = begin(&r, store, name, error);

    if (result == 0)
        result = finish(&r, revoke, error);
    end(&r);
    return result;
}
