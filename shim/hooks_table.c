#include <string.h>

#include "shim/context.h"
#include "shim/hooks.h"
#include "shim/message.h"

/* Contexts made and messages read by a function that was looked up belong to the copy in which it
 * was looked up, and the call itself (from libffi, or from a JIT) does not tell which: a function
 * for each copy. */
#define EACH_COPY(X)                                                                               \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

#define MAKERS(number)                                                                             \
    static void *ctx_new_##number(void)                                                            \
    {                                                                                              \
        return context_new(zmqlib_copy(number));                                                   \
    }                                                                                              \
    static void *init_##number(int io_threads)                                                     \
    {                                                                                              \
        return context_init(zmqlib_copy(number), io_threads);                                      \
    }                                                                                              \
    static const char *msg_gets_##number(const zmq_msg_t *message, const char *property)           \
    {                                                                                              \
        return message_gets(zmqlib_copy(number), message, property);                               \
    }
EACH_COPY(MAKERS)

#define CTX_NEW(number) ctx_new_##number,
#define INIT(number) init_##number,
#define MSG_GETS(number) msg_gets_##number,
static void *(*const ctx_new[ZMQLIB_COPIES])(void) = {EACH_COPY(CTX_NEW)};
static void *(*const init[ZMQLIB_COPIES])(int) = {EACH_COPY(INIT)};
static const char *(*const msg_gets[ZMQLIB_COPIES])(const zmq_msg_t *,
                                                    const char *) = {EACH_COPY(MSG_GETS)};

#define HOOKED(X)                                                                                  \
    X(zmq_bind)                                                                                    \
    X(zmq_close)                                                                                   \
    X(zmq_connect)                                                                                 \
    X(zmq_connect_peer)                                                                            \
    X(zmq_ctx_destroy)                                                                             \
    X(zmq_ctx_get)                                                                                 \
    X(zmq_ctx_get_ext)                                                                             \
    X(zmq_ctx_new)                                                                                 \
    X(zmq_ctx_set)                                                                                 \
    X(zmq_ctx_set_ext)                                                                             \
    X(zmq_ctx_term)                                                                                \
    X(zmq_disconnect)                                                                              \
    X(zmq_getsockopt)                                                                              \
    X(zmq_init)                                                                                    \
    X(zmq_msg_gets)                                                                                \
    X(zmq_setsockopt)                                                                              \
    X(zmq_socket)                                                                                  \
    X(zmq_term)                                                                                    \
    X(zmq_unbind)

static const struct {
    const char *name;
    void *function;
} hooked[] = {
#define X(name) {#name, (void *)name},
    HOOKED(X)
#undef X
};

static void *find(const char *name)
{
    for (size_t i = 0; i < sizeof hooked / sizeof *hooked; i++)
        if (strcmp(hooked[i].name, name) == 0)
            return hooked[i].function;
    return NULL;
}

bool hooks_has(const char *name)
{
    return strncmp(name, "zmq_", 4) == 0 && find(name) != NULL;
}

void *hooks_for(const struct zmqlib *lib, const char *name)
{
    if (strcmp(name, "zmq_ctx_new") == 0)
        return (void *)ctx_new[zmqlib_number(lib)];
    if (strcmp(name, "zmq_init") == 0)
        return (void *)init[zmqlib_number(lib)];
    if (strcmp(name, "zmq_msg_gets") == 0)
        return (void *)msg_gets[zmqlib_number(lib)];
    return find(name);
}

bool hooks_is_own(const void *function)
{
    for (size_t i = 0; i < sizeof hooked / sizeof *hooked; i++)
        if (hooked[i].function == function)
            return true;
    return false;
}
