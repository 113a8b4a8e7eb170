#include "certs/resolve.h"
#include "certs/revocation.h"
#include "certs/store.h"
#include "certs/tool.h"

static int revoke_all(struct store *store, const char *what, struct targets *targets)
{
    struct cert_error error;
    int status = TOOL_DONE;

    if (resolve(store, what, targets, &error) != 0)
        return tool_complain_error(&error);
    for (unsigned i = 0; i < targets->count; i++)
        if (revocation(store, targets->items[i].certificate, targets->items[i].stem, &error) != 0)
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
            "from DIR/authorized_clients/. Within a second, running servers refuse the key\n"
            "and end its live connections; its holder is told not to try again.\n"
            "\n"
            "  NAME   an authorised certificate or a pair of DIR: the keys of NAME.key and,\n"
            "         in a rotation, of both pairs; else the metadata 'name' of exactly one\n"
            "         authorised key\n"
            "  FILE   a certificate file\n"
            "  KEY    a public key, 40 characters; it need not be known here\n",
    .run = run,
};
