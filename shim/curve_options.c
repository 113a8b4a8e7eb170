#include "shim/curve_options.h"

#include <string.h>

#include "shim/bindings.h"
#include "shim/sockopt.h"

#define DEFAULT_HANDSHAKE_IVL 30000

int curve_options_limit(struct options *options, const struct config *config)
{
    const struct zmqlib *lib = options->sock->lib;
    void *socket = options->sock->address;
    int64_t largest = config->max_message_size, set_largest;
    int interval = (int)config->handshake_timeout, set_interval;
    size_t size = sizeof set_interval;

    if (interval >= 0 && lib->getsockopt(socket, ZMQ_HANDSHAKE_IVL, &set_interval, &size) == 0 &&
        set_interval == DEFAULT_HANDSHAKE_IVL &&
        options_set(options, ZMQ_HANDSHAKE_IVL, &interval, sizeof interval) != 0)
        return -1;
    size = sizeof set_largest;
    if (largest >= 0 && lib->getsockopt(socket, ZMQ_MAXMSGSIZE, &set_largest, &size) == 0 &&
        set_largest == -1 && options_set(options, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0)
        return -1;
    return 0;
}

/* What the program's own ZAP handler has a say in. */
static int note_own_domain(const struct sock *sock, const char *domain)
{
    char own_domain[BINDING_OWN_DOMAIN];
    bool enforced;

    if (sockopt_own_domain(sock, own_domain, &enforced) != 0)
        return -1;
    if (own_domain[0] != '\0')
        bindings_own_domain(domain, own_domain, enforced);
    return 0;
}

int curve_options_server(struct options *options, const struct keypair *own, const char *domain)
{
    int on = 1;

    if (note_own_domain(options->sock, domain) != 0 ||
        options_set(options, ZMQ_ZAP_ENFORCE_DOMAIN, &on, sizeof on) != 0 ||
        options_set(options, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0 ||
        options_set(options, ZMQ_CURVE_SECRETKEY, own->secret_key, KEY_BYTES) != 0 ||
        options_set(options, ZMQ_CURVE_SERVER, &on, sizeof on) != 0)
        return -1;
    return 0;
}

int curve_options_client(struct options *options, const struct keypair *own,
                         const uint8_t server_key[KEY_BYTES])
{
    if (options_set(options, ZMQ_CURVE_PUBLICKEY, own->public_key, KEY_BYTES) != 0 ||
        options_set(options, ZMQ_CURVE_SECRETKEY, own->secret_key, KEY_BYTES) != 0 ||
        options_set(options, ZMQ_CURVE_SERVERKEY, server_key, KEY_BYTES) != 0)
        return -1;
    return 0;
}
