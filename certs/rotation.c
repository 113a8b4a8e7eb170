#include "certs/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "certs/pair.h"
#include "certs/rotation_internal.h"
#include "certs/tool.h"

bool rotation_exists(const struct rotation *r, const char *file)
{
    struct stat status;

    return fstatat(r->store->fd, file, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

int rotation_read(const struct rotation *r, struct certificate *certificate, const char *file,
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

int rotation_begin(struct rotation *r, struct store *store, const char *name,
                   struct cert_error *error)
{
    struct stat status;

    r->store = store;
    r->name = name;
    snprintf(r->secret_file, sizeof r->secret_file, "%s.key_secret", name);
    snprintf(r->public_file, sizeof r->public_file, "%s.key", name);
    snprintf(r->next_file, sizeof r->next_file, "%s.next.key_secret", name);
    snprintf(r->next_public_file, sizeof r->next_public_file, "%s.next.key", name);
    snprintf(r->old_secret_file, sizeof r->old_secret_file, "%s.superseded.key_secret", name);
    snprintf(r->old_public_file, sizeof r->old_public_file, "%s.superseded.key", name);
    r->current = sodium_malloc(sizeof *r->current);
    r->other = sodium_malloc(sizeof *r->other);
    if (r->current == NULL || r->other == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (!rotation_exists(r, r->secret_file))
        return cert_fail(error, ENOENT,
                         "%s/%s: there is no such pair: make one with 'curveshim-cert new %s %s'",
                         store->path, r->secret_file, store->path, name);
    /* The new pair is for the same user as the old one. */
    if (geteuid() == 0 && fstatat(store->fd, r->secret_file, &status, 0) == 0)
        store->owner = (struct owner){true, status.st_uid, status.st_gid};
    return rotation_read(r, r->current, r->secret_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error);
}

void rotation_end(struct rotation *r)
{
    sodium_free(r->current);
    sodium_free(r->other);
}

static int write_public_half(struct rotation *r, const struct certificate *pair, const char *file,
                             struct cert_error *error)
{
    struct metadata metadata = {0};

    if (metadata_take(&metadata, pair, file, error) != 0)
        return -1;
    return pair_write_public(r->store->fd, r->store->path, file, &metadata, pair->public_key,
                             WRITE_REPLACE, &r->store->owner, error);
}

/* 1 if there is nothing left to start, 0 if NAME.next.key_secret is ready in r->other. */
static int prepare_next(struct rotation *r, struct cert_error *error)
{
    struct metadata metadata = {0};
    uint8_t public_key[KEY_BYTES];

    if (!rotation_exists(r, r->next_file)) {
        if (rotation_exists(r, r->old_secret_file) || rotation_exists(r, r->old_public_file))
            return 1;
        if (metadata_take(&metadata, r->current, r->secret_file, error) != 0 ||
            pair_write_secret(r->store->fd, r->store->path, r->next_file, &metadata,
                              &r->store->owner, public_key, error) != 0)
            return -1;
    }
    return rotation_read(r, r->other, r->next_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error);
}

int rotation_complete(struct rotation *r, struct cert_error *error)
{
    struct certificate *found = r->other;
    bool missing;

    if (found == NULL || r->current == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    missing = rotation_read(r, found, r->public_file, CERT_NEED_PUBLIC, error) != 0 ||
              memcmp(found->public_key, r->current->public_key, KEY_BYTES) != 0;
    if (missing) {
        if (write_public_half(r, r->current, r->public_file, error) != 0)
            return -1;
        tool_say("completed %s/%s", r->store->path, r->public_file);
    }
    if (rotation_read(r, found, r->old_public_file, CERT_NEED_PUBLIC, error) == 0 &&
        rotation_mark(r->store, found->public_key, error) != 0)
        return -1;
    if (write_remove(r->store->fd, r->store->path, r->next_public_file, error) != 0)
        return -1;
    return missing;
}

static int keep_old(struct rotation *r, struct cert_error *error)
{
    struct store *store = r->store;
    struct metadata metadata = {0};
    struct cert_error reason = {0};
    char date[PAIR_DATE];

    pair_today(date);
    if (metadata_take(&metadata, r->current, r->secret_file, error) != 0 ||
        metadata_set(&metadata, ROTATION_SUPERSEDED, date, error) != 0)
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
    uint8_t old[KEY_BYTES];

    memcpy(old, r->current->public_key, KEY_BYTES);
    if (keep_old(r, error) != 0 ||
        write_rename(r->store->fd, r->store->path, r->next_file, r->secret_file, error) != 0)
        return -1;
    if (rotation_read(r, r->current, r->secret_file, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error) !=
            0 ||
        write_public_half(r, r->current, r->public_file, error) != 0 ||
        write_remove(r->store->fd, r->store->path, r->next_public_file, error) != 0)
        return -1;
    return rotation_mark(r->store, old, error);
}

/* Running servers take a new key up within a second; whoever reads the directory of this client may
 * use it as soon as it is there. */
static void wait_for_servers(void)
{
    const struct timespec while_they_do = {1, 200000000};

    nanosleep(&while_they_do, NULL);
}

static bool is_server(const struct rotation *r)
{
    return strcmp(r->name, "server") == 0;
}

static void say_prepared(const struct rotation *r, bool authorized)
{
    const char *path = r->store->path, *name = r->name;

    tool_say("%s/%s is the next pair; %s is in use until it is switched", path, r->next_file,
             r->secret_file);
    if (authorized)
        tool_say("both keys are authorized here");
    if (is_server(r)) {
        tool_say("now restart the programs that bind, one after the other: they accept clients of "
                 "both keys then");
        tool_say("next: curveshim-cert rotate %s %s --switch, and the new public key for every "
                 "client",
                 path, name);
    } else if (!authorized) {
        tool_say("authorize it where the old key is: copy %s/%s there and run 'curveshim-cert "
                 "rotate DIR NAME --to %s'",
                 path, r->next_public_file, r->next_public_file);
        tool_say("next: curveshim-cert rotate %s %s --switch", path, name);
    }
}

static void say_switched(const struct rotation *r, bool authorized)
{
    const char *path = r->store->path, *name = r->name;

    tool_say("%s/%s is the new pair; the old one is kept in %s/%s", path, r->secret_file, path,
             r->old_secret_file);
    if (is_server(r)) {
        tool_say("this is the pair for binding: EVERY CLIENT NEEDS THE NEW PUBLIC KEY, in %s/%s:",
                 path, r->public_file);
        tool_say("    copy it to each client, or put it into their known_servers with "
                 "'curveshim-cert trust'; then restart the clients, one after the other");
        tool_say("programs that are bound with one key only accept the new one when they bind "
                 "again");
    } else if (authorized) {
        tool_say("both keys are authorized here; new connections of %s use the new one", name);
        tool_say("other servers need it too: curveshim-cert authorize DIR %s/%s", path,
                 r->public_file);
    } else {
        tool_say("it is NOT authorized here: whoever knows the old key needs the new one, in "
                 "%s/%s:",
                 path, r->public_file);
        tool_say("    on a server: curveshim-cert rotate DIR NAME --to %s", r->public_file);
    }
    tool_say("when nobody uses the old key any more: curveshim-cert rotate %s %s --finish", path,
             name);
}

static int under_way(const struct rotation *r, struct cert_error *error)
{
    return cert_fail(error, EEXIST,
                     "%s/%s is there: a rotation of %s is under way already; end it with "
                     "'curveshim-cert rotate %s %s --finish'",
                     r->store->path, r->old_secret_file, r->name, r->store->path, r->name);
}

static int prepare(struct rotation *r, struct cert_error *error)
{
    int authorized, ready = prepare_next(r, error);

    if (ready != 0)
        return ready < 0 ? -1 : under_way(r, error);
    if (write_public_half(r, r->other, r->next_public_file, error) != 0)
        return -1;
    authorized = rotation_authorize_next(r, error);
    if (authorized < 0)
        return -1;
    say_prepared(r, authorized != 0);
    return 0;
}

int rotation_prepare(struct store *store, const char *name, struct cert_error *error)
{
    struct rotation r = {0};
    int result = rotation_begin(&r, store, name, error);

    if (result == 0)
        result = prepare(&r, error);
    rotation_end(&r);
    return result;
}

static int start(struct rotation *r, struct cert_error *error)
{
    int authorized, ready = prepare_next(r, error);

    if (ready < 0)
        return -1;
    if (ready == 1 && (ready = rotation_complete(r, error)) != 0)
        return ready < 0 ? -1 : 0;
    if (!rotation_exists(r, r->next_file))
        return under_way(r, error);
    /* Whoever reads the directory must find the new key authorised before it is used. */
    authorized = rotation_authorize_next(r, error);
    if (authorized < 0)
        return -1;
    if (authorized == ROTATION_AUTHORIZED_NOW)
        wait_for_servers();
    if (switch_over(r, error) != 0)
        return -1;
    say_switched(r, authorized != 0);
    return 0;
}

int rotation_switch(struct store *store, const char *name, struct cert_error *error)
{
    struct rotation r = {0};
    int result = rotation_begin(&r, store, name, error);

    if (result == 0)
        result = start(&r, error);
    rotation_end(&r);
    return result;
}
