#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "certs/certificate.h"
#include "certs/fingerprint.h"
#include "certs/pair.h"
#include "certs/tool.h"

static int show(const struct certificate *certificate, const char *file)
{
    char key[KEY_Z85 + 1], fingerprint[FINGERPRINT_SIZE];

    z85_encode_key(key, certificate->public_key);
    fingerprint_format(fingerprint, certificate->public_key);
    tool_say("file         %s", file);
    tool_say("public key   %s", key);
    tool_say("fingerprint  %s", fingerprint);
    tool_say("secret key   %s",
             certificate->has_secret ? "in this file (not shown)" : "not in this file");
    for (unsigned i = 0; i < certificate->metadata_count; i++)
        tool_say("metadata     %s = %s", certificate->metadata[i].name,
                 certificate->metadata[i].value);
    if (certificate->has_secret && !pair_matches(certificate))
        return tool_complain("%s: the public and the secret key don't belong together: make a new "
                             "pair",
                             file);
    return TOOL_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct certificate *certificate;
    struct cert_error error;
    int status;

    if (tool_option(command, argc, argv, options) != -1)
        return TOOL_USAGE;
    if (argc - optind != 1)
        return tool_usage(command, "one certificate FILE is expected");
    certificate = sodium_malloc(sizeof *certificate);
    if (certificate == NULL)
        return tool_complain("out of memory");
    if (certificate_read(certificate, AT_FDCWD, argv[optind], argv[optind], CERT_NEED_PUBLIC,
                         &error) == 0)
        status = show(certificate, argv[optind]);
    else
        status = tool_complain_error(&error);
    sodium_free(certificate);
    return status;
}

const struct command command_show = {
    .name = "show",
    .arguments = "FILE",
    .summary = "show what is in a certificate",
    .help = "Prints the public key, its fingerprint (SHA-256), the metadata and whether FILE\n"
            "holds a secret key. The secret key itself is never printed.\n",
    .run = run,
};
