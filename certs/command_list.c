#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/rights.h"
#include "certs/rotation.h"
#include "certs/scan.h"
#include "certs/store.h"
#include "certs/tool.h"

struct table {
    const char *note; /* appended to each row */
    unsigned rows;
    bool rights;
};

static void print_key(const char *name, const char *file, const uint8_t key[KEY_BYTES])
{
    char z85[KEY_Z85 + 1];

    z85_encode_key(z85, key);
    tool_say("  %-20s %s  %s", name, z85, file);
}

static void print_row(const struct scanned *scanned, void *context)
{
    struct table *table = context;
    const struct certificate *certificate = scanned->certificate;
    const char *name, *endpoints, *addresses, *superseded;
    char validity[128];

    table->rows++;
    if (certificate == NULL) {
        tool_say("  %-20s cannot be used: %s", scanned->name, scanned->error->text);
        return;
    }
    name = certificate_metadata(certificate, "name");
    print_key(name != NULL && name[0] != '\0' ? name : "-", scanned->name, certificate->public_key);
    if (!table->rights)
        return;
    rights_validity(validity, sizeof validity, certificate, time(NULL));
    endpoints = certificate_metadata(certificate, "endpoints");
    addresses = certificate_metadata(certificate, "addresses");
    tool_say("  %-20s %s; endpoints: %s; addresses: %s", "", validity,
             endpoints != NULL ? endpoints : "all", addresses != NULL ? addresses : "all");
    superseded = certificate_metadata(certificate, ROTATION_SUPERSEDED);
    if (superseded != NULL)
        tool_say("  %-20s superseded by a newer key since %s", "", superseded);
}

static int print_directory(const char *title, const struct subdirectory *directory, bool rights,
                           struct cert_error *error)
{
    struct table table = {.rights = rights};

    tool_say("%s", title);
    if (directory->fd < 0) {
        tool_say("  there is no %s", directory->path);
        return 0;
    }
    if (scan_certificates(directory->fd, directory->path, ".key", CERT_NEED_PUBLIC, print_row,
                          &table, error) != 0)
        return -1;
    if (table.rows == 0)
        tool_say("  none");
    return 0;
}

static int print_store(const struct store *store, struct cert_error *error)
{
    struct subdirectory top = {store->fd, (char *)(uintptr_t)store->path};

    if (print_directory("Certificates", &top, false, error) != 0 ||
        print_directory("Authorized to connect", &store->authorized, true, error) != 0)
        return -1;
    return print_directory("Revoked", &store->revoked, false, error);
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct cert_error error;
    struct store store;
    int status = TOOL_DONE;

    if (tool_option(command, argc, argv, options) != -1)
        return TOOL_USAGE;
    if (argc - optind != 1)
        return tool_usage(command, "one DIR is expected");
    if (store_open(&store, argv[optind], false, &error) != 0 || print_store(&store, &error) != 0)
        status = tool_complain_error(&error);
    store_close(&store);
    return status;
}

const struct command command_list = {
    .name = "list",
    .arguments = "DIR",
    .summary = "list certificates, who is authorised and who is revoked",
    .help = "Lists the certificates of DIR, who is authorised to connect, since and until\n"
            "when, to which endpoints and from which addresses, and who is revoked.\n",
    .run = run,
};
