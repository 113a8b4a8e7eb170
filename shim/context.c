#include "shim/context.h"

#include <errno.h>
#include <limits.h>

#include "shim/authenticator.h"
#include "shim/locks.h"
#include "shim/metrics.h"
#include "shim/observer_clock.h"
#include "shim/state.h"
#include "shim/state_page.h"

#define OWN_SOCKETS 2 /* the authenticator's, and its way to the program's ZAP handler */

static void make_room(struct context *context)
{
    const struct zmqlib *lib = context->lib;
    const struct config *config = state_config();
    int most = lib->ctx_get(context->address, ZMQ_MAX_SOCKETS);
    int threads = lib->ctx_get(context->address, ZMQ_IO_THREADS);

    if (most > 0 && most <= INT_MAX - OWN_SOCKETS &&
        lib->ctx_set(context->address, ZMQ_MAX_SOCKETS, most + OWN_SOCKETS) == 0)
        context->max_sockets = most;
    if (config->io_threads > threads && threads > 0 &&
        lib->ctx_set(context->address, ZMQ_IO_THREADS, config->io_threads) == 0)
        context->io_threads = threads;
}

static void created(void *address, const struct zmqlib *lib)
{
    int saved = errno;
    struct context *context;

    if (address == NULL)
        return;
    context = state_prepare() == 0 ? registry_add_context(address, lib) : NULL;
    if (context != NULL && state_config()->mode == CONFIG_ON && lib->ctx_get != NULL &&
        lib->ctx_set != NULL)
        make_room(context);
    errno = saved;
}

void *context_new(const struct zmqlib *lib)
{
    void *address;

    if (lib == NULL) {
        errno = ENOSYS;
        return NULL;
    }
    address = lib->ctx_new();
    created(address, lib);
    return address;
}

void *context_init(const struct zmqlib *lib, int io_threads)
{
    struct context *known;
    void *address;

    if (lib == NULL || lib->init == NULL) {
        errno = ENOSYS;
        return NULL;
    }
    address = lib->init(io_threads);
    /* libzmq's own zmq_init comes back through zmq_ctx_new where it was not bound symbolically. */
    known = address != NULL ? registry_context(address) : NULL;
    if (known != NULL)
        registry_release_context(known);
    else
        created(address, lib);
    return address;
}

void context_found(void *address, const struct zmqlib *lib)
{
    created(address, lib);
}

int context_translate(struct context *context, int option, int value)
{
    const struct config *config = state_config();

    if (option == ZMQ_MAX_SOCKETS && context->max_sockets != 0 && value > 0) {
        context->max_sockets = value;
        return value <= INT_MAX - OWN_SOCKETS ? value + OWN_SOCKETS : value;
    }
    if (option == ZMQ_IO_THREADS && value > 0 && value < config->io_threads) {
        context->io_threads = value;
        return config->io_threads;
    }
    if (option == ZMQ_IO_THREADS)
        context->io_threads = 0;
    return value;
}

int context_untranslate(const struct context *context, int option, int value)
{
    if (option == ZMQ_MAX_SOCKETS && context->max_sockets != 0)
        return context->max_sockets;
    if (option == ZMQ_IO_THREADS && context->io_threads != 0)
        return context->io_threads;
    return value;
}

bool context_is_full(const struct context *context)
{
    bool full;

    lock_take(LOCK_REGISTRY);
    full = context->max_sockets != 0 && context->sockets >= context->max_sockets;
    lock_drop(LOCK_REGISTRY);
    return full;
}

static void set_ending(struct context *context, bool ending)
{
    lock_take(LOCK_REGISTRY);
    context->ending = ending;
    lock_drop(LOCK_REGISTRY);
}

/* The copy that this thread ends a context of: its zmq_ctx_destroy calls zmq_ctx_term, which looks
 * like a call of this library. */
static __thread __attribute__((tls_model("initial-exec"))) const struct zmqlib *ending_lib;

static const struct zmqlib *lib_of_call(const void *caller)
{
    return ending_lib != NULL ? ending_lib : zmqlib_for_caller(caller);
}

int context_end(void *address, const void *caller, int (*real)(const struct zmqlib *, void *))
{
    struct context *context = registry_take_context(address);
    const struct zmqlib *lib = context != NULL ? context->lib : lib_of_call(caller), *outer;
    int result, saved;

    if (lib == NULL) {
        errno = ENOSYS;
        return -1;
    }
    if (context == NULL)
        return real(lib, address);
    set_ending(context, true);
    outer = ending_lib;
    ending_lib = lib;
    result = real(lib, address);
    ending_lib = outer;
    saved = errno;
    if (result != 0 && saved == EINTR) {
        set_ending(context, false);
        registry_return_context(context);
    } else {
        authenticator_join(context);
        registry_end_context(context);
        if (!registry_has_contexts()) {
            observer_clock_stop();
            state_page_close();
            metrics_wake();
        }
    }
    errno = saved;
    return result;
}
