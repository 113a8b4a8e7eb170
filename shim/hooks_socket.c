#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "shim/bindings.h"
#include "shim/context.h"
#include "shim/enforced.h"
#include "shim/hooks.h"
#include "shim/routes.h"
#include "shim/secure.h"
#include "shim/sockopt.h"
#include "shim/state.h"
#include "shim/state_page.h"
#include "shim/zap.h"
#include "shim/zap_handler.h"

EXPORT void *zmq_socket(void *address, int type)
{
    struct context *context = registry_context(address);
    const struct zmqlib *lib = context != NULL ? context->lib : zmqlib_for_caller(CALLER);
    void *socket = NULL;
    int saved;

    if (lib == NULL)
        return missing(), NULL;
    if (context != NULL && context_is_full(context))
        errno = EMFILE;
    else
        socket = lib->socket(address, type);
    saved = errno;
    if (socket != NULL && context == NULL) {
        context_found(address, lib);
        context = registry_context(address);
    }
    if (socket != NULL && context != NULL)
        (void)registry_add_socket(socket, context);
    if (context != NULL)
        registry_release_context(context);
    errno = saved;
    return socket;
}

static void forget(void *socket, const char *endpoint)
{
    state_page_forget(socket, endpoint);
    routes_forget(socket, endpoint);
}

EXPORT int zmq_close(void *socket)
{
    struct sock *sock = registry_take_socket(socket);
    const struct zmqlib *lib = sock != NULL ? sock->lib : zmqlib_for_caller(CALLER);

    if (sock != NULL) {
        if (sock->has_bindings)
            bindings_closed(socket);
        if (sock->enforces)
            enforced_closed(sock);
        if (sock->handler != 0)
            zap_handler_closes(sock);
        if (sock->noted)
            forget(socket, NULL);
        registry_release_socket(sock);
    }
    return lib == NULL ? missing() : lib->close(socket);
}

EXPORT int zmq_bind(void *socket, const char *endpoint)
{
    return (int)secure_call(CALL_BIND, socket, endpoint, CALLER);
}

EXPORT int zmq_connect(void *socket, const char *endpoint)
{
    return (int)secure_call(CALL_CONNECT, socket, endpoint, CALLER);
}

EXPORT uint32_t zmq_connect_peer(void *socket, const char *endpoint)
{
    return (uint32_t)secure_call(CALL_CONNECT_PEER, socket, endpoint, CALLER);
}

static const struct zmqlib *lib_of(void *socket, const void *caller)
{
    const struct zmqlib *lib = registry_socket_lib(socket);

    /* The authenticator's own sockets are in no registry, and zmq_poll asks for their options at
     * each turn: what calls from within a copy means that copy. */
    if (lib == NULL)
        lib = zmqlib_around(caller);
    return lib != NULL ? lib : zmqlib_for_caller(caller);
}

/* libzmq takes either call for either end of an inproc connection. */
static bool is_handlers_end(void *socket, const char *endpoint, int *result)
{
    struct sock *sock;
    bool is_handler;

    if (endpoint == NULL || strcmp(endpoint, ZAP_ENDPOINT) != 0)
        return false;
    sock = registry_socket(socket);
    is_handler = sock != NULL && sock->handler != 0;
    if (is_handler)
        *result = zap_handler_unbind(sock);
    if (sock != NULL) {
        int saved = errno;

        registry_release_socket(sock);
        errno = saved;
    }
    return is_handler;
}

EXPORT int zmq_unbind(void *socket, const char *endpoint)
{
    const struct zmqlib *lib = lib_of(socket, CALLER);
    int result;

    if (lib == NULL)
        return missing();
    if (is_handlers_end(socket, endpoint, &result))
        return result;
    result = lib->unbind(socket, endpoint);
    if (result == 0 && endpoint != NULL) {
        bindings_unbound(socket, endpoint);
        forget(socket, endpoint);
    }
    return result;
}

EXPORT int zmq_disconnect(void *socket, const char *endpoint)
{
    const struct zmqlib *lib = lib_of(socket, CALLER);
    int result;

    if (lib == NULL)
        return missing();
    if (is_handlers_end(socket, endpoint, &result))
        return result;
    result = lib->disconnect(socket, endpoint);
    if (result == 0 && endpoint != NULL)
        forget(socket, endpoint);
    return result;
}

EXPORT int zmq_setsockopt(void *socket, int option, const void *value, size_t size)
{
    struct sock *sock = state_config()->mode == CONFIG_ON ? registry_socket(socket) : NULL;
    const struct zmqlib *lib;
    int result, saved;

    if (sock == NULL) {
        lib = lib_of(socket, CALLER);
        return lib == NULL ? missing() : lib->setsockopt(socket, option, value, size);
    }
    pthread_mutex_lock(&sock->latch);
    result = sock->lib->setsockopt(socket, option, value, size);
    saved = errno;
    sockopt_was_set(sock, option, value, size, result);
    pthread_mutex_unlock(&sock->latch);
    registry_release_socket(sock);
    errno = saved;
    return result;
}

EXPORT int zmq_getsockopt(void *socket, int option, void *value, size_t *size)
{
    const struct zmqlib *lib = lib_of(socket, CALLER);
    int result;

    if (lib == NULL)
        return missing();
    if (option == ZMQ_ZAP_DOMAIN && sockopt_hides_domain(socket))
        return sockopt_empty_domain(value, size);
    result = lib->getsockopt(socket, option, value, size);
    if (option == ZMQ_LAST_ENDPOINT && result == 0 && *size == sizeof ZAP_ENDPOINT &&
        zap_handler_is_private(value))
        memcpy(value, ZAP_ENDPOINT, sizeof ZAP_ENDPOINT);
    return result;
}
