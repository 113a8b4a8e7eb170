#include <stddef.h>

/* As much of a libzmq as tells one from the outside: its names, calls between them, and its texts.
 * Distributions build libzmq.a without -fPIC, so the real one can't be linked into a library. */

#define API __attribute__((visibility("default"), noinline))

API void zmq_version(int *major, int *minor, int *patch);
API const char *zmq_strerror(int number);
API void *zmq_ctx_new(void);
API void *zmq_socket(void *context, int type);
API int zmq_setsockopt(void *socket, int option, const void *value, size_t size);
API int zmq_bind(void *socket, const char *endpoint);
API int zmq_connect(void *socket, const char *endpoint);
API int zmq_msg_init_size(void *message, size_t size);
API const char *const *miniature_user(void);

static const char *const texts[] = {
    "Operation cannot be accomplished in current state",
    "The protocol is not compatible with the socket type",
#ifdef WITH_CURVE
    "N3zmq14curve_server_tE",
#endif
};

void zmq_version(int *major, int *minor, int *patch)
{
    *major = MAJOR;
    *minor = MINOR;
    *patch = PATCH;
}

const char *zmq_strerror(int number)
{
    return texts[number & 1];
}

void *zmq_ctx_new(void)
{
    return NULL;
}

void *zmq_socket(void *context, int type)
{
    return type > 0 ? context : NULL;
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t size)
{
    return socket != NULL && option > 0 && value != NULL && size > 0 ? 0 : -1;
}

int zmq_bind(void *socket, const char *endpoint)
{
    return zmq_setsockopt(socket, 1, endpoint, 1);
}

int zmq_connect(void *socket, const char *endpoint)
{
    return zmq_setsockopt(socket, 2, endpoint, 1);
}

int zmq_msg_init_size(void *message, size_t size)
{
    return message != NULL && size != 0 ? 0 : -1;
}

const char *const *miniature_user(void)
{
    void *socket = zmq_socket(zmq_ctx_new(), 1);

    return zmq_bind(socket, "tcp://*:1") == 0 || zmq_connect(socket, "tcp://x:1") == 0 ? texts
                                                                                       : NULL;
}
