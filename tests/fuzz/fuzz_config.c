#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shim/config.h"

/* An environment: entries that end with NUL. */

#define ENTRIES 32

static void check(const struct config *config)
{
    CHECK(memchr(config->error, '\0', sizeof config->error) != NULL);
    CHECK(memchr(config->warning, '\0', sizeof config->warning) != NULL);
    /* Switched off, nothing can be refused. */
    if (config->mode == CONFIG_OFF)
        CHECK(config->error[0] == '\0');
    if (config->mode != CONFIG_ON || config->error[0] != '\0')
        return;
    CHECK(config->certs != NULL && config->certs[0] == '/');
    CHECK(config->server_cert[0] == '/' && config->client_cert[0] == '/');
    CHECK(config->server_key[0] == '/' && config->known_servers[0] == '/');
    CHECK(config->revoked[0] == '/');
    CHECK(config->authorized_any || config->authorized[0] == '/');
    CHECK(config->io_threads >= 0);
    CHECK(config->handshake_timeout >= -1 && config->handshake_timeout <= INT32_MAX);
    CHECK(config->max_message_size >= -1);
    CHECK(config->sink != CONFIG_FILE || config->log_path[0] == '/');
    CHECK(!config->has_allow || config->allow.count > 0);
}

/* A name that is not known must not switch anything on silently. */
static bool has_unknown(char *const *environment)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, "SECURE_ZMQ_X", strlen("SECURE_ZMQ_X")) == 0 &&
            strchr(*environment, '=') != NULL)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config_system system = {"/here", size % 2 == 0, size % 7 == 0};
    char *environment[ENTRIES + 1] = {NULL};
    struct config config;

    for (size_t i = 0; i < ENTRIES && size > 0; i++) {
        struct fuzz_piece piece = fuzz_cut(&data, &size, '\0');

        environment[i] = fuzz_text(piece.data, piece.size);
    }
    config_parse(&config, environment, &system);
    check(&config);
    if (config.mode == CONFIG_ON && !system.secure_execution && has_unknown(environment))
        CHECK(config.error[0] != '\0');
    config_free(&config);
    for (size_t i = 0; i < ENTRIES; i++)
        free(environment[i]);
    return 0;
}
