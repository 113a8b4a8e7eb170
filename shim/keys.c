#include "shim/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/wipe.h"
#include "shim/keys_files.h"
#include "shim/locks.h"
#include "shim/metrics.h"
#include "shim/rfc3339.h"

static struct {
    bool loaded;
    bool verified;
    struct keypair pair;
    struct file_stamp stamp;
} own[2];

/* Own certificates may carry an expiry as authorised ones do: it is shown, and refuses nothing. */
static void measure(enum metrics_gauge gauge, const struct certificate *certificate)
{
    const char *expires = certificate_metadata(certificate, "expires");
    int64_t seconds = 0;

    if (expires != NULL && !rfc3339_parse(&seconds, expires))
        seconds = 0;
    metrics_gauge_set(gauge, seconds);
}

static void measure_server(const struct certificate *certificate)
{
    measure(GAUGE_EXPIRY_SERVER, certificate);
}

static void measure_client(const struct certificate *certificate)
{
    measure(GAUGE_EXPIRY_CLIENT, certificate);
}

static const char *path_of(enum keys_role role, const struct config *config)
{
    return role == KEYS_SERVER ? config->server_cert : config->client_cert;
}

int keys_read_pair(struct keypair *pair, struct file_stamp *stamp, const char *path,
                   struct keys_look *look, void (*show)(const struct certificate *certificate),
                   struct cert_error *error)
{
    struct certificate *certificate = malloc(sizeof *certificate);
    int result;

    if (certificate == NULL)
        return cert_fail(error, ENOMEM, "%s: out of memory", path);
    result = keys_read_file(certificate, look, path, CERT_NEED_PUBLIC | CERT_NEED_SECRET, error);
    if (result == 0) {
        if (show != NULL)
            show(certificate);
        memcpy(pair->public_key, certificate->public_key, KEY_BYTES);
        memcpy(pair->secret_key, certificate->secret_key, KEY_BYTES);
        z85_encode_key(pair->public_text, pair->public_key);
        if (stamp != NULL)
            *stamp = certificate->stamp;
    }
    certificate_wipe(certificate);
    free(certificate);
    return result;
}

static bool is_same(enum keys_role role, struct keys_look *look)
{
    struct file_stamp stamp;

    lock_take(LOCK_KEYS);
    stamp = own[role].stamp;
    lock_drop(LOCK_KEYS);
    return keys_file_is_same(&stamp, look, path_of(role, look->config));
}

/* Loads or reloads into own[role]; true if it holds a pair afterwards. */
static int load(enum keys_role role, struct keys_look *look, struct cert_error *error)
{
    struct keypair fresh;
    struct file_stamp stamp;
    int result;

    if (is_same(role, look))
        return 0;
    result = keys_read_pair(&fresh, &stamp, path_of(role, look->config), look,
                            role == KEYS_SERVER ? measure_server : measure_client, error);
    lock_take(LOCK_KEYS);
    if (result == 0 && memcmp(&own[role].pair, &fresh, sizeof fresh) != 0) {
        own[role].pair = fresh;
        own[role].verified = false;
    }
    own[role].stamp.usable = false;
    if (result == 0) {
        own[role].loaded = true;
        own[role].stamp = stamp;
    } else if (own[role].loaded && keys_out_of_reach(error)) {
        result = 0;
    }
    lock_drop(LOCK_KEYS);
    wipe(&fresh, sizeof fresh);
    return result;
}

int keys_verify(const struct keypair *pair, const char *path, const struct zmqlib *lib,
                struct cert_error *error)
{
    char secret[KEY_Z85 + 1], public[KEY_Z85 + 1];
    int result = 0;

    z85_encode_key(secret, pair->secret_key);
    if (lib->curve_public(public, secret) != 0)
        result = cert_fail(error, EINVAL, "%s: this libzmq can not compute the public key", path);
    else if (strcmp(public, pair->public_text) != 0)
        result = cert_fail(error, EINVAL,
                           "%s: public-key and secret-key do not belong together: copy the right "
                           "file again or make a new one with 'curveshim-cert new'",
                           path);
    wipe(secret, sizeof secret);
    return result;
}

int keys_own(struct keypair *pair, enum keys_role role, struct keys_look *look,
             const struct zmqlib *lib, struct cert_error *error)
{
    bool verified;
    int result = load(role, look, error);

    if (result != 0)
        return -1;
    lock_take(LOCK_KEYS);
    *pair = own[role].pair;
    verified = own[role].verified;
    lock_drop(LOCK_KEYS);
    if (verified)
        return 0;
    result = keys_verify(pair, path_of(role, look->config), lib, error);
    lock_take(LOCK_KEYS);
    if (result == 0 && memcmp(&own[role].pair, pair, sizeof *pair) == 0)
        own[role].verified = true;
    lock_drop(LOCK_KEYS);
    if (result != 0)
        wipe(pair, sizeof *pair);
    return result;
}

void keys_preload(const struct config *config)
{
    struct keys_look look = {.config = config};
    struct cert_error ignored;

    if (config->error[0] != '\0')
        return;
    (void)load(KEYS_SERVER, &look, &ignored);
    (void)load(KEYS_CLIENT, &look, &ignored);
    keys_preload_second(config);
    keys_preload_servers(config);
}

void keys_forked(void)
{
    lock_take(LOCK_KEYS);
    own[KEYS_SERVER].stamp.usable = own[KEYS_CLIENT].stamp.usable = false;
    lock_drop(LOCK_KEYS);
    keys_forked_servers();
}
