#include <czmq.h>

static char *receive(zsock_t *socket)
{
    char *message = zstr_recv(socket);

    if (message == NULL)
        exit(4);
    printf("{\"received\": \"%s\"}\n", message);
    fflush(stdout);
    return message;
}

static zsock_t *open_socket(int type, const char *how, const char *endpoint)
{
    zsock_t *socket = zsock_new(type);

    if (zsock_attach(socket, endpoint, *how == 's') != 0) {
        fprintf(stderr, "attach: %s\n", zmq_strerror(zmq_errno()));
        exit(4);
    }
    return socket;
}

int main(int argc, char **argv)
{
    const char *role = argv[1], *text = argv[4];
    int count = argc == 5 ? atoi(argv[3]) : 0;
    zsock_t *socket = open_socket(*role == 's' ? ZMQ_REP : ZMQ_REQ, role, argv[2]);
    char *message;

    if (*role == 's') {
        printf("{\"endpoint\": \"%s\"}\n", zsock_last_endpoint(socket));
        fflush(stdout);
    }
    for (int n = 1; n <= count; n++) {
        if (*role == 's') {
            message = receive(socket);
            zstr_sendf(socket, "%s to %s", text, message);
        } else {
            zstr_sendf(socket, "%s %d", text, n);
            message = receive(socket);
        }
        zstr_free(&message);
    }
    zsock_destroy(&socket);
    return 0;
}
