/* A program with so much thread-local storage that a thread with a small stack can't start. */
#include <stdio.h>
#include <string.h>
#include <zmq.h>

static _Thread_local char much[1536 * 1024];

int main(void)
{
    void *context = zmq_ctx_new();
    void *server = zmq_socket(context, ZMQ_PULL), *client = zmq_socket(context, ZMQ_PUSH);
    char endpoint[256], text[16] = "";
    size_t size = sizeof endpoint;

    memset(much, 1, sizeof much);
    if (zmq_bind(server, "tcp://127.0.0.1:*") != 0) {
        perror("zmq_bind");
        return 1;
    }
    zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size);
    zmq_connect(client, endpoint);
    zmq_send(client, "arrived", 7, 0);
    zmq_recv(server, text, sizeof text - 1, 0);
    puts(text);
    zmq_close(client);
    zmq_close(server);
    return zmq_ctx_term(context);
}
