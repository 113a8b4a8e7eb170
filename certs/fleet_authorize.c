#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/fleet_plan.h"
#include "certs/fleet_run.h"
#include "certs/pair.h"
#include "certs/rotation.h"
#include "certs/tool.h"

/* One listener's authorized_clients/. */
struct listener {
    struct fleet_run *run;
    size_t index;
    struct store store;
    struct keyset wanted;  /* name: the agent, of each key */
    struct keyset present; /* file: in authorized_clients/ */
    struct keyset revoked;
    struct certificate *certificate;
};

/* During a rotation the client's next key, or its old one, counts too. */
static const char *const key_files[] = {"client.key", "client.superseded.key", "client.next.key"};
#define OLD_KEY 1
#define KEY_FILES (sizeof key_files / sizeof *key_files)

/* 1 if the agent has such a key, in l->certificate; 0 if not. */
static int read_client(struct listener *l, const struct fleet_agent *client, size_t which,
                       struct cert_error *error)
{
    struct cert_error reason = {0};

    if (fleet_read_public(l->run, client, key_files[which], l->certificate, &reason) == 0)
        return 1;
    if (which > 0 && reason.code == ENOENT)
        return 0;
    *error = reason;
    return -1;
}

static bool connects_to(const struct fleet_agent *client, size_t listener)
{
    for (size_t i = 0; i < client->connect_count; i++)
        if (client->connects[i].listener == listener)
            return true;
    return false;
}

static int want(struct listener *l, const struct fleet_agent *client, struct cert_error *error)
{
    for (size_t i = 0; i < KEY_FILES; i++) {
        const char *revoked;
        int result = read_client(l, client, i, error);

        if (result < 0)
            return -1;
        if (result == 0)
            continue;
        revoked = keyset_find(&l->revoked, l->certificate->public_key);
        if (revoked != NULL && i == 0)
            return cert_fail(error, EPERM,
                             "%s/%s: this key of %s is revoked there and stays refused: take its "
                             "connect out, or make it a new pair by removing %s/%s/client.key and "
                             "client.key_secret",
                             l->store.revoked.path, revoked, client->name, l->run->root.path,
                             client->name);
        if (revoked == NULL &&
            keyset_add(&l->wanted, l->certificate->public_key, key_files[i], client->name) != 0)
            return cert_fail(error, ENOMEM, "out of memory");
    }
    return 0;
}

static int compose(struct listener *l, const struct fleet_agent *client, const char *endpoints,
                   struct metadata *metadata, struct cert_error *error)
{
    struct cert_error reason;

    if (metadata_take(metadata, l->certificate, client->name, error) != 0 ||
        metadata_set(metadata, "name", client->name, error) != 0)
        return -1;
    for (unsigned i = 0; i < client->metadata.count; i++)
        if (metadata_set(metadata, client->metadata.entries[i].name,
                         client->metadata.entries[i].value, error) != 0)
            return -1;
    if (metadata_set(metadata, "endpoints", endpoints, &reason) == 0)
        return 0;
    return cert_fail(error, reason.code,
                     "%s:%u: %s: what it may use is more than a certificate "
                     "holds: %.500s",
                     l->run->fleet->file, client->line, client->name, reason.text);
}

/* Marks the old key of a rotation, so that its use is logged, with the day that its file has. */
static int mark(struct metadata *metadata, const struct certificate *present,
                struct cert_error *error)
{
    const char *since = present != NULL ? certificate_metadata(present, ROTATION_SUPERSEDED) : NULL;
    static char today[PAIR_DATE];

    if (since == NULL)
        pair_today(today);
    return metadata_set(metadata, ROTATION_SUPERSEDED, since != NULL ? since : today, error);
}

static bool says_the_same(const struct certificate *certificate, const struct metadata *metadata)
{
    if (certificate->metadata_count != metadata->count)
        return false;
    for (unsigned i = 0; i < metadata->count; i++) {
        const char *value = certificate_metadata(certificate, metadata->entries[i].name);

        if (value == NULL || strcmp(value, metadata->entries[i].value) != 0)
            return false;
    }
    return true;
}

/* Brings what a file says in line; a file that can't be read is written anew. */
static int update(struct listener *l, const char *file, bool old, struct metadata *metadata,
                  struct cert_error *error)
{
    const struct subdirectory *in = &l->store.authorized;
    struct certificate *present = malloc(sizeof *present);
    char path[PATH_MAX];
    bool readable, same;
    int result = 0;

    if (present == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    snprintf(path, sizeof path, "%s/%s", in->path, file);
    readable = certificate_read(present, in->fd, file, path, CERT_NEED_PUBLIC, NULL) == 0;
    if (old)
        result = mark(metadata, readable ? present : NULL, error);
    same = result == 0 && readable && says_the_same(present, metadata);
    if (result == 0 && !same)
        result = pair_write_public(in->fd, in->path, file, metadata, l->certificate->public_key,
                                   WRITE_REPLACE, &l->store.owner, error);
    free(present);
    if (result != 0 || same)
        return result;
    l->run->changes++;
    tool_say("changed %s: for %s", path, metadata_get(metadata, "endpoints"));
    return 0;
}

static int add(struct listener *l, const struct fleet_agent *client, bool old,
               struct metadata *metadata, struct cert_error *error)
{
    char file[256];

    if (old && mark(metadata, NULL, error) != 0)
        return -1;
    if (store_add(&l->store, &l->store.authorized, client->name, metadata,
                  l->certificate->public_key, file, error) != 0)
        return -1;
    l->run->changes++;
    tool_say("authorized %s/%s: for %s", l->store.authorized.path, file,
             metadata_get(metadata, "endpoints"));
    return 0;
}

static int authorize_key(struct listener *l, const struct fleet_agent *client, size_t which,
                         const char *endpoints, struct cert_error *error)
{
    struct metadata metadata = {0};
    const char *file;
    int result = read_client(l, client, which, error);

    if (result <= 0)
        return result;
    /* Where a rotation was cut short two files may hold one key. */
    file = keyset_find(&l->wanted, l->certificate->public_key);
    if (file == NULL || strcmp(file, key_files[which]) != 0)
        return 0;
    if (compose(l, client, endpoints, &metadata, error) != 0)
        return -1;
    file = keyset_find(&l->present, l->certificate->public_key);
    return file != NULL ? update(l, file, which == OLD_KEY, &metadata, error)
                        : add(l, client, which == OLD_KEY, &metadata, error);
}

static int authorize_client(struct listener *l, size_t index, struct cert_error *error)
{
    const struct fleet_agent *client = &l->run->fleet->agents[index];
    char *endpoints = fleet_endpoints(l->run->fleet, l->index, index);
    int result = 0;

    if (endpoints == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    for (size_t i = 0; result == 0 && i < KEY_FILES; i++)
        result = authorize_key(l, client, i, endpoints, error);
    free(endpoints);
    return result;
}

/* Files with a key of nobody's who connects, and second files with the same key. */
static int remove_others(struct listener *l, struct cert_error *error)
{
    const struct subdirectory *in = &l->store.authorized;

    for (size_t i = 0; i < l->present.count; i++) {
        const struct keyset_entry *entry = &l->present.entries[i];

        if (keyset_find(&l->wanted, entry->key) != NULL &&
            keyset_find(&l->present, entry->key) == entry->file)
            continue;
        if (write_remove(in->fd, in->path, entry->file, error) != 0)
            return -1;
        l->run->changes++;
        tool_say("removed %s/%s", in->path, entry->file);
    }
    return 0;
}

static int bring_in_line(struct listener *l, struct cert_error *error)
{
    const struct fleet *fleet = l->run->fleet;

    if (keyset_load(&l->present, l->store.authorized.fd, l->store.authorized.path, error) != 0 ||
        keyset_load(&l->revoked, l->store.revoked.fd, l->store.revoked.path, error) != 0)
        return -1;
    for (size_t i = 0; i < fleet->count; i++)
        if (connects_to(&fleet->agents[i], l->index) && want(l, &fleet->agents[i], error) != 0)
            return -1;
    if (remove_others(l, error) != 0)
        return -1;
    for (size_t i = 0; i < fleet->count; i++)
        if (connects_to(&fleet->agents[i], l->index) && authorize_client(l, i, error) != 0)
            return -1;
    return 0;
}

int fleet_authorize(struct fleet_run *run, size_t listener, struct cert_error *error)
{
    const struct fleet_agent *agent = &run->fleet->agents[listener];
    struct listener l = {.run = run, .index = listener};
    int result = -1;

    if (fleet_open(run, agent, &l.store, error) == 0) {
        l.certificate = malloc(sizeof *l.certificate);
        if (l.store.authorized.fd < 0)
            result = 0;
        else if (l.certificate == NULL)
            cert_fail(error, ENOMEM, "out of memory");
        else
            result = bring_in_line(&l, error);
    }
    free(l.certificate);
    keyset_free(&l.wanted);
    keyset_free(&l.present);
    keyset_free(&l.revoked);
    store_close(&l.store);
    return result;
}
