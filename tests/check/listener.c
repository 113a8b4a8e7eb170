#include <zmq.h>

#include "listener.h"

static void *context, *bound;

int listener_start(const char *endpoint, char *where, size_t size)
{
    context = zmq_ctx_new();
    bound = zmq_socket(context, ZMQ_REP);
    if (bound == NULL || zmq_bind(bound, endpoint) != 0)
        return -1;
    return zmq_getsockopt(bound, ZMQ_LAST_ENDPOINT, where, &size);
}
