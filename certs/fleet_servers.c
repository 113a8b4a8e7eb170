#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/fleet_run.h"
#include "certs/text_file.h"
#include "certs/tool.h"
#include "shim/known_servers.h"

#define FILE_NAME "known_servers"
#define HEADING                                                                                    \
    "# Written by 'curveshim-cert fleet' from the fleet file: change that, and run it again.\n"

static int put_lines(const struct fleet_run *run, const struct fleet_agent *agent, FILE *text,
                     struct cert_error *error)
{
    struct certificate *certificate = malloc(sizeof *certificate);
    int result = 0;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    fputs(HEADING, text);
    for (size_t i = 0; result == 0 && i < agent->connect_count; i++) {
        const struct fleet_connect *connect = &agent->connects[i];
        const struct fleet_agent *listener = &run->fleet->agents[connect->listener];
        char key[KEY_Z85 + 1];

        result = fleet_read_public(run, listener, "server.key", certificate, error);
        if (result != 0)
            break;
        z85_encode_key(key, certificate->public_key);
        fprintf(text, "# %s\n%s  %s\n", listener->name, connect->endpoint, key);
    }
    free(certificate);
    return result;
}

static char *format(const struct fleet_run *run, const struct fleet_agent *agent,
                    struct cert_error *error)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    int result;

    if (stream == NULL) {
        cert_fail(error, ENOMEM, "out of memory");
        return NULL;
    }
    result = put_lines(run, agent, stream, error);
    if (fclose(stream) != 0 && result == 0)
        result = cert_fail(error, ENOMEM, "out of memory");
    if (result == 0)
        return text;
    free(text);
    return NULL;
}

static int replace(struct fleet_run *run, const struct store *store, const char *text,
                   struct cert_error *error)
{
    size_t length = 0;
    char *present = text_file_read(store->fd, FILE_NAME, store->path, &length, error);
    bool same = present != NULL && length == strlen(text) && memcmp(present, text, length) == 0;

    free(present);
    if (same)
        return 0;
    if (present == NULL && error->code != ENOENT)
        return -1;
    if (write_file(store->fd, store->path, FILE_NAME, text, strlen(text), 0644, WRITE_REPLACE,
                   &store->owner, error) != 0)
        return -1;
    run->changes++;
    tool_say("%s %s/" FILE_NAME, present == NULL ? "made" : "changed", store->path);
    return 0;
}

/* Without known_servers, server.key would count for every endpoint. */
static int empty(struct fleet_run *run, const struct store *store, struct cert_error *error)
{
    if (faccessat(store->fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return replace(run, store, HEADING, error);
}

int fleet_write_known_servers(struct fleet_run *run, const struct fleet_agent *agent,
                              struct cert_error *error)
{
    char *text = NULL;
    struct store store;
    int result = -1;

    if (agent->connect_count > 0 && (text = format(run, agent, error)) == NULL)
        return -1;
    if (fleet_open(run, agent, &store, error) == 0)
        result = text != NULL ? replace(run, &store, text, error) : empty(run, &store, error);
    store_close(&store);
    free(text);
    return result;
}
