#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "certs/pair.h"
#include "certs/resolve.h"
#include "certs/store.h"
#include "certs/tool.h"

/* What the shim can't read it can't enforce: metadata that is not sound is left behind. */
static void sound_metadata(struct metadata *metadata, const struct certificate *certificate)
{
    for (unsigned i = 0; i < certificate->metadata_count; i++)
        metadata_set(metadata, certificate->metadata[i].name, certificate->metadata[i].value, NULL);
}

static int add_revoked(struct store *store, const struct target *target, struct cert_error *error)
{
    struct metadata metadata = {0};
    struct keyset revoked;
    const char *already;
    char file[256];
    int result = 0;

    if (keyset_load(&revoked, store->revoked.fd, store->revoked.path, error) != 0)
        return -1;
    already = keyset_find(&revoked, target->certificate->public_key);
    sound_metadata(&metadata, target->certificate);
    if (already == NULL)
        result = store_add(store, &store->revoked, target->stem, true, &metadata,
                           target->certificate->public_key, file, error);
    if (result == 0)
        tool_say("%s %s/%s", already != NULL ? "already revoked:" : "revoked: made",
                 store->revoked.path, already != NULL ? already : file);
    keyset_free(&revoked);
    return result;
}

static int revoke(struct store *store, const struct target *target, struct cert_error *error)
{
    char key[KEY_Z85 + 1];
    int removed = 0;

    z85_encode_key(key, target->certificate->public_key);
    tool_say("key %s", key);
    if (store_make(store, REVOKED, error) < 0 || add_revoked(store, target, error) != 0)
        return -1;
    if (store->authorized.fd >= 0)
        removed = store_remove(&store->authorized, target->certificate->public_key, error);
    if (removed == 0)
        tool_say("it was not authorized here");
    return removed < 0 ? -1 : 0;
}

static int revoke_all(struct store *store, const char *what, struct targets *targets)
{
    struct cert_error error;
    int status = TOOL_DONE;

    if (resolve(store, what, targets, &error) != 0)
        return tool_complain_error(&error);
    for (unsigned i = 0; i < targets->count; i++)
        if (revoke(store, &targets->items[i], &error) != 0)
            status = tool_complain_error(&error);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct targets targets = {0};
    struct cert_error error;
    struct store store;
    int status;

    if (tool_option(command, argc, argv, options) != -1)
        return TOOL_USAGE;
    if (argc - optind != 2)
        return tool_usage(command, "DIR and one NAME, FILE or KEY are expected");
    if (store_open(&store, argv[optind], true, &error) != 0)
        status = tool_complain_error(&error);
    else
        status = revoke_all(&store, argv[optind + 1], &targets);
    targets_free(&targets);
    store_close(&store);
    return status;
}

const struct command command_revoke = {
    .name = "revoke",
    .arguments = "DIR NAME|FILE|KEY",
    .summary = "shut a key out for good",
    .help = "Puts the certificate into DIR/revoked/, then removes every file with its key\n"
            "from DIR/authorized_clients/. Running servers refuse the key within a second,\n"
            "and its holder is told not to try again.\n"
            "\n"
            "  NAME   an authorised certificate or a pair of DIR: the keys of NAME.key and,\n"
            "         in a rotation, of both pairs; else the metadata 'name' of exactly one\n"
            "         authorised key\n"
            "  FILE   a certificate file\n"
            "  KEY    a public key, 40 characters; it need not be known here\n",
    .run = run,
};
