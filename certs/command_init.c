#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/owner.h"
#include "certs/pair.h"
#include "certs/scan.h"
#include "certs/store.h"
#include "certs/tool.h"

struct init {
    struct store store;
    unsigned made;
    int failed;
};

static bool exists(int dirfd, const char *name)
{
    struct stat status;

    return fstatat(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int note(struct init *init, int result, const char *file, const char *what,
                const struct cert_error *error)
{
    if (result != 0) {
        init->failed = tool_complain_error(error);
        return -1;
    }
    tool_say("made %s/%s  %s", init->store.path, file, what);
    init->made++;
    return 0;
}

static int make_pair(struct init *init, const char *name, struct cert_error *error)
{
    struct metadata metadata = {1, {{"name", name}}};
    uint8_t public_key[KEY_BYTES];
    char file[32];
    int result;

    result = pair_write_new(init->store.fd, init->store.path, name, &metadata, &init->store.owner,
                            public_key, error);
    snprintf(file, sizeof file, "%s.key_secret", name);
    if (note(init, result, file, "secret: stays on this machine", error) != 0)
        return -1;
    snprintf(file, sizeof file, "%s.key", name);
    return note(init, 0, file, "public: to give away", error);
}

/* NAME.key can be made from NAME.key_secret, but not the other way round. */
static void complete_pair(const struct scanned *scanned, void *context)
{
    struct init *init = context;
    struct metadata metadata = {0};
    struct cert_error error;
    char file[256];
    int result;

    snprintf(file, sizeof file, "%.*s", (int)(strlen(scanned->name) - strlen("_secret")),
             scanned->name);
    if (exists(init->store.fd, file))
        return;
    if (scanned->certificate == NULL) {
        init->failed = tool_complain_error(scanned->error);
        return;
    }
    result = metadata_take(&metadata, scanned->certificate, scanned->path, &error);
    if (result == 0)
        result = pair_write_public(init->store.fd, init->store.path, file, &metadata,
                                   scanned->certificate->public_key, WRITE_NEW, &init->store.owner,
                                   &error);
    note(init, result, file, "public, from the secret one", &error);
}

static void make_or_leave_pair(struct init *init, const char *name, struct cert_error *error)
{
    char public_file[32], secret_file[32];

    snprintf(public_file, sizeof public_file, "%s.key", name);
    snprintf(secret_file, sizeof secret_file, "%s.key_secret", name);
    if (exists(init->store.fd, secret_file))
        return;
    if (exists(init->store.fd, public_file))
        tool_say("kept %s/%s, whose secret half is elsewhere", init->store.path, public_file);
    else
        make_pair(init, name, error);
}

/* The certificate of the pair "client", if it is there and not revoked. */
static int client_to_authorize(struct init *init, struct certificate *certificate,
                               struct cert_error *error)
{
    struct keyset revoked;
    char path[PATH_MAX];
    int result = 0;

    if (!exists(init->store.fd, "client.key"))
        return 0;
    snprintf(path, sizeof path, "%s/client.key", init->store.path);
    if (certificate_read(certificate, init->store.fd, "client.key", path, CERT_NEED_PUBLIC,
                         error) != 0 ||
        keyset_load(&revoked, init->store.revoked.fd, init->store.revoked.path, error) != 0)
        return -1;
    if (keyset_find(&revoked, certificate->public_key) == NULL)
        result = 1;
    else
        tool_say("%s is revoked and stays so", path);
    keyset_free(&revoked);
    return result;
}

/* Appears with client.key already in it: were it there empty for a moment, a run killed in that
 * moment could not be told from an operator who removed client.key. */
static int make_authorized(struct init *init, struct certificate *certificate,
                           struct cert_error *error)
{
    struct store *store = &init->store;
    struct metadata metadata = {0};
    char temporary[WRITE_TEMPORARY];
    int fd, client = client_to_authorize(init, certificate, error);

    if (client < 0 ||
        (client == 1 && metadata_take(&metadata, certificate, "client.key", error) != 0) ||
        write_directory_start(store->fd, store->path, temporary, &fd, &store->owner, error) != 0)
        return -1;
    if (client == 1 &&
        pair_write_public(fd, store->authorized.path, "client.key", &metadata,
                          certificate->public_key, WRITE_NEW, &store->owner, error) != 0)
        client = -1;
    close(fd);
    if (client < 0 ||
        write_directory_finish(store->fd, store->path, temporary, AUTHORIZED, error) != 0) {
        write_directory_drop(store->fd, temporary);
        return -1;
    }
    return note(init, 0, client == 1 ? AUTHORIZED "/client.key" : AUTHORIZED "/",
                client == 1 ? "client may connect" : "nobody may connect yet", error);
}

static void say_next(const struct init *init)
{
    char *absolute = realpath(init->store.path, NULL);
    const char *path = absolute != NULL ? absolute : init->store.path;

    if (init->made == 0)
        tool_say("%s is complete, nothing was changed", init->store.path);
    tool_say("%s", "");
    tool_say("Secure an agent, server or client, that runs on this machine:");
    tool_say("    export SECURE_ZMQ=1 SECURE_ZMQ_CERTS=%s", path);
    tool_say("    curveshim-run your-agent");
    tool_say("A client elsewhere needs server.key, client.key and client.key_secret of it;");
    tool_say("better, a pair of its own: curveshim-cert new %s NAME", init->store.path);
    free(absolute);
}

static int init_all(struct init *init, const char *directory, const struct owner *owner)
{
    struct certificate *certificate = sodium_malloc(sizeof *certificate);
    struct cert_error error = {0};
    int made = -1;

    init->store.fd = init->store.authorized.fd = init->store.revoked.fd = -1;
    if (certificate == NULL)
        return tool_complain("out of memory");
    if (write_directories(directory, owner, &error) != 0 ||
        store_open(&init->store, directory, true, &error) != 0) {
        sodium_free(certificate);
        return tool_complain_error(&error);
    }
    if (owner->set)
        init->store.owner = *owner;
    make_or_leave_pair(init, "server", &error);
    make_or_leave_pair(init, "client", &error);
    if (scan_certificates(init->store.fd, init->store.path, ".key_secret",
                          CERT_NEED_PUBLIC | CERT_NEED_SECRET, complete_pair, init, &error) != 0)
        init->failed = tool_complain_error(&error);
    if (init->failed == 0 && (made = store_make(&init->store, REVOKED, &error)) == 1)
        note(init, 0, REVOKED "/", "who may never connect again", &error);
    if (init->failed == 0 && (made < 0 || (init->store.authorized.fd < 0 &&
                                           make_authorized(init, certificate, &error) != 0)))
        init->failed = tool_complain_error(&error);
    sodium_free(certificate);
    return init->failed;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"owner", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    struct init init = {0};
    struct owner owner = {0};
    int option, status;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        if (!owner_parse(&owner, optarg))
            return tool_usage(command, "--owner %s: two numbers are expected, UID:GID", optarg);
    }
    if (argc - optind != 1 || argv[optind][0] == '\0')
        return tool_usage(command, "one DIR is expected");
    status = init_all(&init, argv[optind], &owner);
    if (status == TOOL_DONE)
        say_next(&init);
    store_close(&init.store);
    return status;
}

const struct command command_init = {
    .name = "init",
    .arguments = "DIR [--owner UID:GID]",
    .summary = "make a certificate directory",
    .help = "Makes DIR with all that an agent needs to bind and to connect:\n"
            "\n"
            "  server.key, server.key_secret   the pair for binding\n"
            "  client.key, client.key_secret   the pair for connecting\n"
            "  authorized_clients/client.key   so that client may connect\n"
            "  revoked/                        empty\n"
            "\n"
            "Nothing is ever overwritten; what is missing is completed. If\n"
            "authorized_clients/ is there, nobody is added to it.\n"
            "\n"
            "  --owner UID:GID   the owner of what is made (for root)\n",
    .run = run,
};
