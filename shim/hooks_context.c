#include <errno.h>

#include "shim/context.h"
#include "shim/hooks.h"

EXPORT void *zmq_ctx_new(void)
{
    return context_new(zmqlib_for_caller(CALLER));
}

EXPORT void *zmq_init(int io_threads)
{
    return context_init(zmqlib_for_caller(CALLER), io_threads);
}

static int real_ctx_term(const struct zmqlib *lib, void *context)
{
    return lib->ctx_term(context);
}

static int real_term(const struct zmqlib *lib, void *context)
{
    return lib->term != NULL ? lib->term(context) : lib->ctx_term(context);
}

static int real_ctx_destroy(const struct zmqlib *lib, void *context)
{
    return lib->ctx_destroy != NULL ? lib->ctx_destroy(context) : lib->ctx_term(context);
}

EXPORT int zmq_ctx_term(void *context)
{
    return context_end(context, CALLER, real_ctx_term);
}

EXPORT int zmq_term(void *context)
{
    return context_end(context, CALLER, real_term);
}

EXPORT int zmq_ctx_destroy(void *context)
{
    return context_end(context, CALLER, real_ctx_destroy);
}

/* The copy of libzmq for a context, whose entry is held in *context if there is one. */
static const struct zmqlib *lib_of(void *address, struct context **context, const void *caller)
{
    *context = registry_context(address);
    return *context != NULL ? (*context)->lib : zmqlib_for_caller(caller);
}

static void release(struct context *context)
{
    int saved = errno;

    if (context != NULL)
        registry_release_context(context);
    errno = saved;
}

EXPORT int zmq_ctx_set(void *address, int option, int value)
{
    struct context *context;
    const struct zmqlib *lib = lib_of(address, &context, CALLER);
    int result;

    if (lib == NULL)
        return missing();
    if (context != NULL)
        value = context_translate(context, option, value);
    result = lib->ctx_set(address, option, value);
    release(context);
    return result;
}

EXPORT int zmq_ctx_set_ext(void *address, int option, const void *value, size_t size)
{
    struct context *context;
    const struct zmqlib *lib = lib_of(address, &context, CALLER);
    int result, translated;

    if (lib == NULL || lib->ctx_set_ext == NULL)
        return release(context), missing();
    if (context != NULL && value != NULL && size == sizeof translated) {
        translated = context_translate(context, option, *(const int *)value);
        result = lib->ctx_set_ext(address, option, &translated, size);
    } else {
        result = lib->ctx_set_ext(address, option, value, size);
    }
    release(context);
    return result;
}

EXPORT int zmq_ctx_get(void *address, int option)
{
    struct context *context;
    const struct zmqlib *lib = lib_of(address, &context, CALLER);
    int result;

    if (lib == NULL)
        return missing();
    result = lib->ctx_get(address, option);
    if (context != NULL && result >= 0)
        result = context_untranslate(context, option, result);
    release(context);
    return result;
}

EXPORT int zmq_ctx_get_ext(void *address, int option, void *value, size_t *size)
{
    struct context *context;
    const struct zmqlib *lib = lib_of(address, &context, CALLER);
    int result;

    if (lib == NULL || lib->ctx_get_ext == NULL)
        return release(context), missing();
    result = lib->ctx_get_ext(address, option, value, size);
    if (context != NULL && result == 0 && *size == sizeof(int))
        *(int *)value = context_untranslate(context, option, *(int *)value);
    release(context);
    return result;
}
