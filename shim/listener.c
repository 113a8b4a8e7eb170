#include "shim/listener.h"

#include <errno.h>
#include <string.h>

#include "shim/accepted.h"
#include "shim/bindings.h"
#include "shim/curve_options.h"

#ifndef ZMQ_USE_FD
#define ZMQ_USE_FD 89
#endif

/* A descriptor that the listener is given; -1: none. */
static int given_descriptor(const struct attempt *attempt)
{
    size_t size = sizeof(int);
    int fd;

    return attempt->lib->getsockopt(attempt->socket, ZMQ_USE_FD, &fd, &size) == 0 ? fd : -1;
}

int listener_bind(const struct attempt *attempt, const char *endpoint)
{
    int result;

    accepted_bind_begins(given_descriptor(attempt));
    result = attempt->lib->bind(attempt->socket, endpoint);
    accepted_bind_ends();
    return result;
}

struct overlap *listener_begin_second(const struct attempt *attempt, struct cert_error *error)
{
    struct overlap *overlap = overlap_begin();

    if (overlap == NULL)
        cert_fail(error, EACCES, "no listener for the other server key: %s", strerror(errno));
    else
        overlap_listening(given_descriptor(attempt));
    return overlap;
}

static int bind_again(const struct attempt *attempt, const struct config *config,
                      struct overlap *overlap, const struct keypair *pair, const char *domain,
                      const char *resolved)
{
    int fd = overlap_descriptor(overlap), result = -1;
    struct options options;

    options_start(&options, attempt->sock);
    if (curve_options_limit(&options, config) == 0 &&
        options_set(&options, ZMQ_USE_FD, &fd, sizeof fd) == 0 &&
        curve_options_server(&options, pair, domain) == 0)
        result = listener_bind(attempt, resolved);
    options_restore(&options);
    return result;
}

int listener_bind_second(const struct attempt *attempt, const struct config *config,
                         struct overlap *overlap, const struct keypair *pair, bool older,
                         const char *resolved, struct cert_error *error)
{
    char domain[BINDING_DOMAIN];
    int code = ENOMEM;

    if (bindings_add(domain, attempt->socket, attempt->endpoint, attempt->type == ZMQ_REQ) == 0) {
        if (bind_again(attempt, config, overlap, pair, domain, resolved) == 0) {
            overlap_bound(resolved);
            bindings_rotated(domain, older);
            bindings_ready(domain, resolved);
            return 0;
        }
        code = errno;
        bindings_remove(domain);
    }
    overlap_end(overlap);
    (void)attempt->lib->unbind(attempt->socket, resolved);
    bindings_unbound(attempt->socket, resolved);
    return cert_fail(error, code == ETERM || code == ENOTSOCK ? code : EACCES,
                     "no listener for the other server key: %s", strerror(code));
}
