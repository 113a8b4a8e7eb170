#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/wipe.h"
#include "shim/keys.h"
#include "shim/keys_files.h"
#include "shim/locks.h"

#define SUFFIX ".key_secret"
#define PATH_ROOM 4096

static const char *const infixes[] = {
    [KEYS_SECOND_NEXT] = ".next", [KEYS_SECOND_SUPERSEDED] = ".superseded"};

/* What was read last, for a program that has lost sight of the files. */
static struct {
    enum keys_second which;
    struct keypair pair;
} remembered;

/* "…/server.next.key_secret"; false if the pair has a name of another kind. */
static bool path_of(char path[PATH_ROOM], enum keys_second which, const char *current,
                    const char *suffix)
{
    size_t length = strlen(current), tail = strlen(suffix);

    return length > tail && strcmp(current + length - tail, suffix) == 0 &&
           snprintf(path, PATH_ROOM, "%.*s%s%s", (int)(length - tail), current, infixes[which],
                    suffix) < PATH_ROOM;
}

/* 1 if there is such a pair, and it is another one than own. */
static int look(struct keypair *pair, enum keys_second which, const struct keypair *own,
                const struct config *config, const struct zmqlib *lib, struct cert_error *error)
{
    struct keys_look files = {.config = config};
    char path[PATH_ROOM];

    if (!path_of(path, which, config->server_cert, SUFFIX) ||
        (access(path, F_OK) != 0 && errno == ENOENT))
        return 0;
    if (keys_read_pair(pair, NULL, path, &files, NULL, error) != 0)
        return error->code == ENOENT ? 0 : -1;
    if (lib != NULL && keys_verify(pair, path, lib, error) != 0) {
        wipe(pair, sizeof *pair);
        return -1;
    }
    return own == NULL || memcmp(pair->public_key, own->public_key, KEY_BYTES) != 0;
}

static void remember(const struct keypair *pair, enum keys_second which)
{
    lock_take(LOCK_KEYS);
    remembered.which = which;
    if (which != KEYS_SECOND_NONE)
        remembered.pair = *pair;
    else
        wipe(&remembered.pair, sizeof remembered.pair);
    lock_drop(LOCK_KEYS);
}

static bool is_in_sight(const struct config *config)
{
    return faccessat(AT_FDCWD, config->server_cert, R_OK, AT_EACCESS) == 0;
}

int keys_second(struct keypair *pair, enum keys_second *which, const struct keypair *own,
                const struct config *config, const struct zmqlib *lib, struct cert_error *error)
{
    for (*which = KEYS_SECOND_NEXT; *which <= KEYS_SECOND_SUPERSEDED; ++*which) {
        int found = look(pair, *which, own, config, lib, error);

        if (found < 0 && keys_out_of_reach(error) && !is_in_sight(config))
            break;
        if (found == 1)
            remember(pair, *which);
        if (found != 0)
            return found == 1 ? 0 : -1;
    }
    if (is_in_sight(config)) {
        *which = KEYS_SECOND_NONE;
        remember(NULL, KEYS_SECOND_NONE);
        return 0;
    }
    lock_take(LOCK_KEYS);
    *which = remembered.which;
    *pair = remembered.pair;
    lock_drop(LOCK_KEYS);
    return 0;
}

void keys_preload_second(const struct config *config)
{
    struct cert_error ignored;
    enum keys_second which;
    struct keypair pair;

    (void)keys_second(&pair, &which, NULL, config, NULL, &ignored);
    wipe(&pair, sizeof pair);
}

static bool is_there(enum keys_second which, const char *current, const char *suffix)
{
    char path[PATH_ROOM];

    return path_of(path, which, current, suffix) && access(path, F_OK) == 0;
}

bool keys_server_is_superseded(const struct config *config)
{
    return is_there(KEYS_SECOND_SUPERSEDED, config->server_cert, SUFFIX);
}

bool keys_server_is_rotated(const struct config *config)
{
    return is_there(KEYS_SECOND_NEXT, config->server_key, ".key") ||
           is_there(KEYS_SECOND_SUPERSEDED, config->server_key, ".key");
}
