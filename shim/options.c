#include "shim/options.h"

#include <errno.h>
#include <string.h>

#include "certs/wipe.h"
#include "shim/bindings.h"

void options_start(struct options *options, struct sock *sock)
{
    options->sock = sock;
    options->count = 0;
}

/* The domain that a getsockopt shows may be what an earlier call of the shim left behind. */
static void forget_own_domain(struct options *options, int option, size_t at)
{
    if (option == ZMQ_ZAP_DOMAIN && options->sock->domain_ours)
        options->old[at].size = 0;
}

int options_set(struct options *options, int option, const void *value, size_t size)
{
    const struct zmqlib *lib = options->sock->lib;
    void *socket = options->sock->address;
    size_t at = options->count;

    if (at == OPTIONS_MAX) {
        errno = ENOMEM;
        return -1;
    }
    options->old[at].option = option;
    /* Keys are asked for in binary: a room of 41 would give them in Z85. */
    options->old[at].size = option == ZMQ_ZAP_DOMAIN ? sizeof options->old[at].value : size;
    if (lib->getsockopt(socket, option, options->old[at].value, &options->old[at].size) != 0 ||
        lib->setsockopt(socket, option, value, size) != 0)
        return -1;
    forget_own_domain(options, option, at);
    options->count++;
    return 0;
}

static void restore_domain(struct sock *sock, const unsigned char *value, size_t size)
{
    /* libzmq takes no empty domain: where the program had none, one that stands for none stays and
     * is hidden. Not that of the listener: the program's later ones would be taken for it. */
    sock->domain_ours = size <= 1;
    (void)sock->lib->setsockopt(sock->address, ZMQ_ZAP_DOMAIN,
                                sock->domain_ours ? (const void *)BINDING_NO_DOMAIN : value,
                                sock->domain_ours ? strlen(BINDING_NO_DOMAIN) : size - 1);
}

void options_restore(struct options *options)
{
    struct sock *sock = options->sock;
    int saved = errno, off = 0;
    bool curve = false;

    while (options->count > 0) {
        size_t at = --options->count;
        int option = options->old[at].option;

        curve |= option == ZMQ_CURVE_SECRETKEY;
        if (option == ZMQ_ZAP_DOMAIN)
            restore_domain(sock, options->old[at].value, options->old[at].size);
        else
            (void)sock->lib->setsockopt(sock->address, option, options->old[at].value,
                                        options->old[at].size);
        wipe(options->old[at].value, sizeof options->old[at].value);
    }
    /* Setting any key makes the mechanism CURVE; this makes it NULL again. */
    if (curve)
        (void)sock->lib->setsockopt(sock->address, ZMQ_CURVE_SERVER, &off, sizeof off);
    errno = saved;
}
