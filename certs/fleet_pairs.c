#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/fleet_run.h"
#include "certs/pair.h"
#include "certs/tool.h"

static bool exists(const struct store *store, const char *file)
{
    struct stat status;

    return fstatat(store->fd, file, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The public half from the secret one. */
static int complete(const struct store *store, const char *public_file, const char *secret_file,
                    struct cert_error *error)
{
    struct certificate *certificate = sodium_malloc(sizeof *certificate);
    struct metadata metadata = {0};
    char path[PATH_MAX];
    int result = -1;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    snprintf(path, sizeof path, "%s/%s", store->path, secret_file);
    if (certificate_read(certificate, store->fd, secret_file, path,
                         CERT_NEED_PUBLIC | CERT_NEED_SECRET, error) == 0 &&
        metadata_take(&metadata, certificate, path, error) == 0)
        result = pair_write_public(store->fd, store->path, public_file, &metadata,
                                   certificate->public_key, WRITE_NEW, &store->owner, error);
    sodium_free(certificate);
    return result;
}

static int make_pair(struct fleet_run *run, const struct fleet_agent *agent,
                     const struct store *store, const char *name, struct cert_error *error)
{
    struct metadata metadata = {1, {{"name", agent->name}}};
    char public_file[32], secret_file[32];
    uint8_t public_key[KEY_BYTES];
    bool public, secret;

    snprintf(public_file, sizeof public_file, "%s.key", name);
    snprintf(secret_file, sizeof secret_file, "%s.key_secret", name);
    public = exists(store, public_file);
    secret = exists(store, secret_file);
    if (public)
        return 0;
    run->changes++;
    if (!secret) {
        if (pair_write_new(store->fd, store->path, name, &metadata, &store->owner, public_key,
                           error) != 0)
            return -1;
        tool_say("made %s/%s", store->path, secret_file);
    } else if (complete(store, public_file, secret_file, error) != 0) {
        return -1;
    }
    tool_say("made %s/%s", store->path, public_file);
    return 0;
}

static int make_subdirectories(struct fleet_run *run, struct store *store, struct cert_error *error)
{
    static const char *const names[] = {AUTHORIZED, REVOKED};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int made = store_make(store, names[i], error);

        if (made < 0)
            return -1;
        run->changes += (unsigned)made;
    }
    return 0;
}

/* A pair that the agent was given when it did more. */
static void say_superfluous(const struct store *store, const struct fleet_agent *agent,
                            const char *file, const char *does)
{
    if (exists(store, file))
        tool_say("note: %s/%s is kept, though %s %s: remove it if it is not needed", store->path,
                 file, agent->name, does);
}

static void say_owner(const struct store *store)
{
    struct stat status;

    if (store->owner.set && fstat(store->fd, &status) == 0 &&
        (status.st_uid != store->owner.uid || status.st_gid != store->owner.gid))
        tool_say("note: %s belongs to %u:%u, not to %u:%u: 'chown -R %u:%u %s' changes that",
                 store->path, status.st_uid, status.st_gid, store->owner.uid, store->owner.gid,
                 store->owner.uid, store->owner.gid, store->path);
}

int fleet_make_pairs(struct fleet_run *run, const struct fleet_agent *agent,
                     struct cert_error *error)
{
    const struct owner *owner = agent->owner.set ? &agent->owner
                                : run->owner.set ? &run->owner
                                                 : &run->root.owner;
    int made = write_directory(run->root.fd, run->root.path, agent->name, owner, error);
    struct store store;
    int result = -1;

    if (made < 0)
        return -1;
    run->changes += (unsigned)made;
    if (fleet_open(run, agent, &store, error) == 0) {
        say_owner(&store);
        result = 0;
        if (agent->bind_count > 0 && (make_pair(run, agent, &store, "server", error) != 0 ||
                                      make_subdirectories(run, &store, error) != 0))
            result = -1;
        if (result == 0 && agent->connect_count > 0)
            result = make_pair(run, agent, &store, "client", error);
        if (agent->bind_count == 0)
            say_superfluous(&store, agent, "server.key_secret", "binds nothing");
        if (agent->connect_count == 0)
            say_superfluous(&store, agent, "client.key_secret", "connects to nothing");
    }
    store_close(&store);
    return result;
}
