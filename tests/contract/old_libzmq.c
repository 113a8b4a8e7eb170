/* Stands for libzmq 3.2, which knows neither CURVE nor ZAP domains: as much of it as a bind takes.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <zmq.h>

#define EXPORT __attribute__((visibility("default")))

static int context, sock;

EXPORT void zmq_version(int *major, int *minor, int *patch)
{
    *major = 3;
    *minor = 2;
    *patch = 5;
}

EXPORT void *zmq_ctx_new(void)
{
    return &context;
}

EXPORT void *zmq_socket(void *of, int type)
{
    (void)of;
    sock = type;
    return &sock;
}

EXPORT int zmq_setsockopt(void *of, int option, const void *value, size_t size)
{
    (void)of, (void)option, (void)value, (void)size;
    errno = EINVAL;
    return -1;
}

EXPORT int zmq_getsockopt(void *of, int option, void *value, size_t *size)
{
    if (option == ZMQ_TYPE && *size >= sizeof sock) {
        memcpy(value, of, *size = sizeof sock);
        return 0;
    }
    errno = EINVAL;
    return -1;
}

EXPORT int zmq_bind(void *of, const char *endpoint)
{
    (void)of, (void)endpoint;
    return 0;
}

EXPORT int zmq_connect(void *of, const char *endpoint)
{
    (void)of, (void)endpoint;
    return 0;
}
