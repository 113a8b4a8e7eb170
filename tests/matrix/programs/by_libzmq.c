#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void check(int result, const char *call)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", call, zmq_strerror(zmq_errno()));
    exit(4);
}

static void receive(void *socket, char message[512])
{
    int size = zmq_recv(socket, message, 511, 0);

    check(size, "zmq_recv");
    message[size] = '\0';
    printf("{\"received\": \"%s\"}\n", message);
    fflush(stdout);
}

static void serve(void *socket, const char *endpoint, int count, const char *text)
{
    char message[512], reply[1024], bound[256];
    size_t size = sizeof bound;

    check(zmq_bind(socket, endpoint), "zmq_bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size), "zmq_getsockopt");
    printf("{\"endpoint\": \"%s\"}\n", bound);
    fflush(stdout);
    while (count-- > 0) {
        receive(socket, message);
        snprintf(reply, sizeof reply, "%s to %s", text, message);
        check(zmq_send(socket, reply, strlen(reply), 0), "zmq_send");
    }
}

static void ask(void *socket, const char *endpoint, int count, const char *text)
{
    char message[512];

    check(zmq_connect(socket, endpoint), "zmq_connect");
    for (int n = 1; n <= count; n++) {
        snprintf(message, sizeof message, "%s %d", text, n);
        check(zmq_send(socket, message, strlen(message), 0), "zmq_send");
        receive(socket, message);
    }
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new(), *socket;

    if (argc != 5)
        return 2;
    socket = zmq_socket(context, strcmp(argv[1], "server") == 0 ? ZMQ_REP : ZMQ_REQ);
    (strcmp(argv[1], "server") == 0 ? serve : ask)(socket, argv[2], atoi(argv[3]), argv[4]);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
