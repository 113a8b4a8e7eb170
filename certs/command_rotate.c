#include <string.h>

#include "certs/pair.h"
#include "certs/rotation.h"
#include "certs/store.h"
#include "certs/tool.h"

/* The steps: one of them, or by the name of the pair. */
struct steps {
    bool prepare, change, finish, revoke;
    const char *to;
};

static void read_option(struct steps *steps, int option)
{
    steps->prepare |= option == 'p';
    steps->change |= option == 's';
    steps->finish |= option == 'f';
    steps->revoke |= option == 'r';
    if (option == 't')
        steps->to = optarg;
}

static int take_step(const struct steps *steps, struct store *store, const char *name,
                     struct cert_error *error)
{
    if (steps->to != NULL)
        return rotation_authorize(store, name, steps->to, error);
    if (steps->finish)
        return rotation_finish(store, name, steps->revoke, error);
    if (steps->prepare || (!steps->change && strcmp(name, "server") == 0))
        return rotation_prepare(store, name, error);
    return rotation_switch(store, name, error);
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"prepare", no_argument, NULL, 'p'},  {"switch", no_argument, NULL, 's'},
        {"finish", no_argument, NULL, 'f'},   {"revoke", no_argument, NULL, 'r'},
        {"to", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
    struct steps steps = {0};
    struct cert_error error;
    struct store store;
    int option, status = TOOL_DONE;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        read_option(&steps, option);
    }
    if (argc - optind != 2)
        return tool_usage(command, "DIR and one NAME are expected");
    if (steps.prepare + steps.change + steps.finish + (steps.to != NULL) > 1)
        return tool_usage(command, "only one of --prepare, --switch, --finish and --to at a time");
    if (steps.revoke && !steps.finish)
        return tool_usage(command, "--revoke goes with --finish");
    if (pair_check_name(argv[optind + 1], &error) != 0)
        return tool_usage(command, "%s", error.text);
    if (store_open(&store, argv[optind], true, &error) != 0 ||
        take_step(&steps, &store, argv[optind + 1], &error) != 0)
        status = tool_complain_error(&error);
    store_close(&store);
    return status;
}

const struct command command_rotate = {
    .name = "rotate",
    .arguments = "DIR NAME [--prepare | --switch | --finish [--revoke] | --to FILE]",
    .summary = "replace a key pair without an interruption",
    .help = "Makes a new pair for NAME, authorises it where the old one was authorised, with\n"
            "the same metadata, and puts it in place of the old one, which is kept in\n"
            "NAME.superseded.key and NAME.superseded.key_secret. Both keys are then accepted;\n"
            "new connections use the new one, and servers log each use of the old one.\n"
            "\n"
            "  --prepare  only makes the new pair, NAME.next.key and NAME.next.key_secret.\n"
            "             The pair 'server' begins with this step: programs that bind\n"
            "             from now on accept clients that know the old key or the new one\n"
            "  --switch   puts it in place of the old one\n"
            "  --finish   when nobody uses the old key any more: takes it from\n"
            "             authorized_clients/ and removes the old pair\n"
            "  --revoke   with --finish: also puts the old key into revoked/\n"
            "  --to FILE  for a client whose pair is kept elsewhere: authorises FILE, its\n"
            "             NAME.next.key, with what NAME may do here, for both keys to be\n"
            "             accepted until --finish\n"
            "\n"
            "A run that was cut short is completed by running the same command again.\n",
    .run = run,
};
