#include <zmq.h>

/* Sends a message to an endpoint. 0, or 1. */
__attribute__((visibility("default"))) int apart_speak(const char *endpoint);

int apart_speak(const char *endpoint)
{
    void *context = zmq_ctx_new();
    void *socket = context == NULL ? NULL : zmq_socket(context, ZMQ_PUSH);

    if (socket == NULL || zmq_connect(socket, endpoint) != 0 ||
        zmq_send(socket, "in clear", 8, 0) < 0)
        return 1;
    return zmq_close(socket) != 0 || zmq_ctx_term(context) != 0;
}
