#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "certs/pair.h"
#include "certs/tool.h"
#include "certs/trust.h"

/* What a word of the command line stands for: a certificate's file, or the key itself. */
static int read_key(uint8_t key[KEY_BYTES], const char *what, struct cert_error *error)
{
    struct certificate *certificate = sodium_malloc(sizeof *certificate);
    int result;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    result = certificate_read(certificate, AT_FDCWD, what, what, CERT_NEED_PUBLIC, error);
    if (result == 0) {
        memcpy(key, certificate->public_key, KEY_BYTES);
    } else if (error->code == ENOENT) {
        result = 0;
        if (!z85_decode_key(key, what, strlen(what)))
            result =
                cert_fail(error, ENOENT,
                          "%s: neither a certificate file nor a public key of 40 characters", what);
    }
    sodium_free(certificate);
    if (result == 0 && pair_key_is_weak(key))
        result = cert_fail(error, EINVAL, "%s: this public key protects nothing", what);
    return result;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"replace", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    uint8_t key[KEY_BYTES];
    bool replace = false;
    struct cert_error error;
    struct store store;
    int option, status = TOOL_DONE;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        replace = true;
    }
    if (argc - optind != 3)
        return tool_usage(command, "DIR, one ENDPOINT and one FILE or KEY are expected");
    if (read_key(key, argv[optind + 2], &error) != 0)
        return tool_complain_error(&error);
    if (store_open(&store, argv[optind], true, &error) != 0 ||
        trust(&store, argv[optind + 1], key, replace, &error) != 0)
        status = tool_complain_error(&error);
    store_close(&store);
    return status;
}

const struct command command_trust = {
    .name = "trust",
    .arguments = "DIR ENDPOINT FILE|KEY [--replace]",
    .summary = "note the key of the server at an endpoint",
    .help = "Adds a line to DIR/known_servers: programs that connect to ENDPOINT expect the\n"
            "server there to have this key. Nothing is connected to. What connects from now\n"
            "on counts; once the file is there, an endpoint that no line matches is refused.\n"
            "\n"
            "  ENDPOINT   as programs write it, such as tcp://host:5555; '*' and '?' match\n"
            "             every character\n"
            "  FILE       the server's certificate, its server.key\n"
            "  KEY        its public key, 40 characters\n"
            "  --replace  where another key is noted: takes its place, or goes before the\n"
            "             line that would be found first\n",
    .run = run,
};
