#include "certs/fleet_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/pair.h"
#include "certs/tool.h"

int fleet_open(const struct fleet_run *run, const struct fleet_agent *agent, struct store *store,
               struct cert_error *error)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", run->root.path, agent->name);
    if (store_open(store, path, true, error) != 0)
        return -1;
    if (agent->owner.set)
        store->owner = agent->owner;
    else if (run->owner.set)
        store->owner = run->owner;
    return 0;
}

int fleet_read_public(const struct fleet_run *run, const struct fleet_agent *agent,
                      const char *file, struct certificate *certificate, struct cert_error *error)
{
    char name[512], path[PATH_MAX];

    snprintf(name, sizeof name, "%s/%s", agent->name, file);
    snprintf(path, sizeof path, "%s/%s", run->root.path, name);
    if (certificate_read(certificate, run->root.fd, name, path, CERT_NEED_PUBLIC, error) != 0)
        return -1;
    if (certificate->has_secret || pair_key_is_weak(certificate->public_key)) {
        certificate_wipe(certificate);
        return cert_fail(error, EINVAL,
                         "%s is no certificate to give away: it holds a secret key, or one that "
                         "protects nothing; replace it",
                         path);
    }
    return 0;
}

static int make_all(struct fleet_run *run)
{
    const struct fleet *fleet = run->fleet;
    struct cert_error error;
    int result = 0;

    /* Keys before what refers to them; who may connect before who tries to. */
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet_make_pairs(run, &fleet->agents[i], &error) != 0)
            result = -tool_complain_error(&error);
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet_authorize(run, i, &error) != 0)
            result = -tool_complain_error(&error);
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet_write_known_servers(run, &fleet->agents[i], &error) != 0)
            result = -tool_complain_error(&error);
    return result;
}

static void say_end(const struct fleet_run *run)
{
    const char *path = run->root.path, *name = run->fleet->agents[0].name;

    if (run->changes == 0) {
        tool_say("%s is complete, nothing was changed", path);
        return;
    }
    tool_say("%s", "");
    tool_say("Each agent needs its own directory and no other: mount %s/%s read-only where", path,
             name);
    tool_say("%s runs, name it in SECURE_ZMQ_CERTS, and set SECURE_ZMQ=1.", name);
}

int fleet_apply(const struct fleet *fleet, const char *directory, const struct owner *owner)
{
    struct fleet_run run = {.fleet = fleet, .owner = *owner};
    struct cert_error error = {0};
    int result = -1;

    run.root.fd = run.root.authorized.fd = run.root.revoked.fd = -1;
    if (write_directories(directory, owner, &error) != 0 ||
        store_open(&run.root, directory, true, &error) != 0 ||
        fleet_restore_members(&run, &error) != 0) {
        tool_complain_error(&error);
    } else {
        result = make_all(&run);
        if (fleet_remove_members(&run, &error) != 0)
            result = -tool_complain_error(&error);
        if (result == 0)
            say_end(&run);
    }
    store_close(&run.root);
    return result;
}
