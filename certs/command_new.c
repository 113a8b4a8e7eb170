#include <string.h>
#include <time.h>

#include "certs/pair.h"
#include "certs/store.h"
#include "certs/tool.h"

static int make(const char *directory, const char *name, const struct metadata *metadata)
{
    struct cert_error error;
    struct store store;
    char key[KEY_Z85 + 1];
    uint8_t public_key[KEY_BYTES];
    int status = TOOL_DONE;

    if (store_open(&store, directory, true, &error) != 0 ||
        pair_write_new(store.fd, store.path, name, metadata, &store.owner, public_key, &error) !=
            0) {
        status = tool_complain_error(&error);
    } else {
        z85_encode_key(key, public_key);
        tool_say("made %s/%s.key         public, to give away: %s", store.path, name, key);
        tool_say("made %s/%s.key_secret  secret, for %s alone", store.path, name, name);
        tool_say("next: let it connect with 'curveshim-cert authorize %s %s/%s.key' on each server",
                 store.path, store.path, name);
    }
    store_close(&store);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"meta", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    struct metadata metadata = {0};
    struct cert_error error;
    int option;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        if (metadata_set_argument(&metadata, optarg, &error) != 0)
            return tool_usage(command, "%s", error.text);
    }
    if (argc - optind != 2)
        return tool_usage(command, "DIR and one NAME are expected");
    if (pair_check_name(argv[optind + 1], &error) != 0 ||
        metadata_check_validity(&metadata, time(NULL), &error) != 0 ||
        (metadata_get(&metadata, "name") == NULL &&
         metadata_set(&metadata, "name", argv[optind + 1], &error) != 0))
        return tool_usage(command, "%s", error.text);
    return make(argv[optind], argv[optind + 1], &metadata);
}

const struct command command_new = {
    .name = "new",
    .arguments = "DIR NAME [--meta K=V]...",
    .summary = "make a key pair",
    .help = "Makes DIR/NAME.key (public) and DIR/NAME.key_secret (both keys). Nothing is\n"
            "overwritten. The pair may connect once a server authorises NAME.key.\n"
            "\n"
            "  --meta K=V   metadata for both files. The shim understands:\n"
            "                 name         shown in every event (default: NAME)\n"
            "                 endpoints    endpoints that it may use on the server: globs,\n"
            "                              separated by spaces; default all\n"
            "                 addresses    where it may come from: addresses or CIDRs,\n"
            "                              separated by spaces; default everywhere\n"
            "                 expires      the RFC 3339 time at which it ends\n"
            "                 not-before   the RFC 3339 time at which it begins\n"
            "\n"
            "Example:\n"
            "  curveshim-cert new certificates alice --meta 'addresses=192.0.2.0/24' \\\n"
            "      --meta expires=2030-01-01T00:00:00Z\n",
    .run = run,
};
