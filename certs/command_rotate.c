#include "certs/pair.h"
#include "certs/rotation.h"
#include "certs/store.h"
#include "certs/tool.h"

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"finish", no_argument, NULL, 'f'}, {"revoke", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    bool finish = false, revoke = false;
    struct cert_error error;
    struct store store;
    int option, status = TOOL_DONE;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        finish |= option == 'f';
        revoke |= option == 'r';
    }
    if (argc - optind != 2)
        return tool_usage(command, "DIR and one NAME are expected");
    if (revoke && !finish)
        return tool_usage(command, "--revoke goes with --finish");
    if (pair_check_name(argv[optind + 1], &error) != 0)
        return tool_usage(command, "%s", error.text);
    if (store_open(&store, argv[optind], true, &error) != 0 ||
        (finish ? rotation_finish(&store, argv[optind + 1], revoke, &error)
                : rotation_start(&store, argv[optind + 1], &error)) != 0)
        status = tool_complain_error(&error);
    store_close(&store);
    return status;
}

const struct command command_rotate = {
    .name = "rotate",
    .arguments = "DIR NAME [--finish [--revoke]]",
    .summary = "replace a key pair without an interruption",
    .help = "Makes a new pair for NAME, authorises it where the old one was authorised, with\n"
            "the same metadata, and puts it in place of the old one, which is kept in\n"
            "NAME.superseded.key and NAME.superseded.key_secret. Both keys are then accepted;\n"
            "new connections use the new one.\n"
            "\n"
            "  --finish   when nobody uses the old pair any more: takes the old key from\n"
            "             authorized_clients/ and removes the old pair\n"
            "  --revoke   with --finish: also puts the old key into revoked/\n"
            "\n"
            "A run that was cut short is completed by running the same command again.\n",
    .run = run,
};
