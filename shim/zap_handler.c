#include "shim/zap_handler.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim/authenticator.h"
#include "shim/authorized.h"
#include "shim/zap.h"

#define PREFIX "inproc://zap.01-"

void zap_handler_name(char name[ZAP_HANDLER_NAME], unsigned long number, unsigned lane)
{
    snprintf(name, ZAP_HANDLER_NAME, PREFIX "%c%05lx", 'a' + (int)lane, number & 0xfffff);
}

bool zap_handler_is_private(const char *endpoint)
{
    return strncmp(endpoint, PREFIX, strlen(PREFIX)) == 0;
}

static int bind_lanes(const struct sock *sock, unsigned long number)
{
    char name[ZAP_HANDLER_NAME];

    for (unsigned lane = 0; lane < ZAP_HANDLER_LANES; lane++) {
        zap_handler_name(name, number, lane);
        if (sock->lib->bind(sock->address, name) == 0)
            continue;
        int saved = errno;

        while (lane-- > 0) {
            zap_handler_name(name, number, lane);
            (void)sock->lib->unbind(sock->address, name);
        }
        errno = saved;
        return -1;
    }
    return 0;
}

int zap_handler_prepare(struct context *context, const struct config *config,
                        struct cert_error *error)
{
    /* Where there is nobody to let in, the program's own sockets are served all the same. */
    (void)authorized_load(config, error);
    return authenticator_ensure(context, error);
}

int zap_handler_bind(struct sock *sock)
{
    struct context *context = sock->context;
    int result = -1;

    pthread_mutex_lock(&context->latch);
    if (context->handler != 0) {
        errno = EADDRINUSE;
    } else {
        unsigned long number = ++context->handlers;

        result = bind_lanes(sock, number);
        if (result == 0) {
            sock->handler = number;
            __atomic_store_n(&context->handler, number, __ATOMIC_RELEASE);
        }
    }
    pthread_mutex_unlock(&context->latch);
    return result;
}

/* With the context's latch held. Whether the socket was bound. */
static bool let_go(struct sock *sock)
{
    if (sock->handler == 0 || sock->handler != sock->context->handler)
        return false;
    __atomic_store_n(&sock->context->handler, 0, __ATOMIC_RELEASE);
    return true;
}

int zap_handler_unbind(struct sock *sock)
{
    struct context *context = sock->context;
    char name[ZAP_HANDLER_NAME];
    int result = 0;

    pthread_mutex_lock(&context->latch);
    if (!let_go(sock)) {
        errno = ENOENT;
        result = -1;
    }
    for (unsigned lane = 0; result == 0 && lane < ZAP_HANDLER_LANES; lane++) {
        zap_handler_name(name, sock->handler, lane);
        result = sock->lib->unbind(sock->address, name);
    }
    pthread_mutex_unlock(&context->latch);
    return result;
}

void zap_handler_closes(struct sock *sock)
{
    struct context *context = sock->context;

    pthread_mutex_lock(&context->latch);
    (void)let_go(sock);
    if (sock->handler > context->handler_closed)
        __atomic_store_n(&context->handler_closed, sock->handler, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&context->latch);
}

unsigned long zap_handler_current(const struct context *context)
{
    return __atomic_load_n(&context->handler, __ATOMIC_ACQUIRE);
}

unsigned long zap_handler_last_closed(const struct context *context)
{
    return __atomic_load_n(&context->handler_closed, __ATOMIC_ACQUIRE);
}

int zap_handler_connect(struct context *context, unsigned long number, const char *name,
                        void *socket)
{
    int result = -1;

    /* Under the latch, so that the address can't vanish meanwhile: libzmq would wait for it to be
     * bound for as long as the context lives. */
    pthread_mutex_lock(&context->latch);
    if (context->handler == number)
        result = context->lib->connect(socket, name);
    else
        errno = ESTALE;
    pthread_mutex_unlock(&context->latch);
    return result;
}
