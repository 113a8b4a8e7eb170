#include "tests/bench/hooked_calls.h"

#include <zmq.h>

/* Of ZeroMQ's calls, on sockets that nobody speaks with. */

static void *context, *waiting;
static zmq_msg_t message;
static int number;
static size_t size;

/* NOLINTBEGIN(bugprone-macro-parentheses): it is a body. */
#define CALL(name, body)                                                                           \
    static long name(void)                                                                         \
    {                                                                                              \
        return (long)(body);                                                                       \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

CALL(call_ctx_new, zmq_ctx_term(zmq_ctx_new()))
CALL(call_ctx_get, zmq_ctx_get(context, ZMQ_IO_THREADS))
CALL(call_ctx_set, zmq_ctx_set(context, ZMQ_IO_THREADS, 1))
CALL(call_socket, zmq_close(zmq_socket(context, ZMQ_PULL)))
CALL(call_setsockopt, zmq_setsockopt(waiting, ZMQ_LINGER, &number, sizeof number))
CALL(call_getsockopt, zmq_getsockopt(waiting, ZMQ_LINGER, &number, (size = sizeof number, &size)))
CALL(call_msg_gets, zmq_msg_gets(&message, "Peer-Address") != NULL)

static void *without_linger(void)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int none = 0;

    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    return socket;
}

static long call_bind(void)
{
    void *socket = without_linger();

    return zmq_bind(socket, "tcp://127.0.0.1:*") + zmq_close(socket);
}

static long call_connect(void)
{
    void *socket = without_linger();

    return zmq_connect(socket, "tcp://127.0.0.1:9") + zmq_close(socket);
}

static const struct call calls[] = {
    NAMED("zmq_ctx_new, zmq_ctx_term", call_ctx_new),
    NAMED("zmq_ctx_get", call_ctx_get),
    NAMED("zmq_ctx_set", call_ctx_set),
    NAMED("zmq_socket, zmq_close", call_socket),
    NAMED("zmq_setsockopt", call_setsockopt),
    NAMED("zmq_getsockopt", call_getsockopt),
    NAMED("zmq_msg_gets", call_msg_gets),
    NAMED("zmq_socket, zmq_bind, zmq_close", call_bind),
    NAMED("zmq_socket, zmq_connect, zmq_close", call_connect),
};

int main(int argc, char **argv)
{
    context = zmq_ctx_new();
    waiting = zmq_socket(context, ZMQ_PULL);
    if (waiting == NULL || zmq_msg_init(&message) != 0)
        return 2;
    return hooked_calls(calls, sizeof calls / sizeof *calls, argc, argv);
}
