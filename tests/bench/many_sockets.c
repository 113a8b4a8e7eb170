#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* Opens COUNT sockets, each with one call of the kind, and closes them in the order of opening:
 * "bind" to ports of their own, "connect" to the one ENDPOINT where nobody listens, or "enforce"
 * (bound with CURVE of the program's own, where nobody may connect without a ZAP handler). */

static int open_socket(void *context, const char *kind, const char *endpoint, void **socket)
{
    const int once = -1, on = 1;

    *socket = zmq_socket(context, ZMQ_DEALER);
    if (*socket == NULL || zmq_setsockopt(*socket, ZMQ_RECONNECT_IVL, &once, sizeof once) != 0 ||
        zmq_setsockopt(*socket, ZMQ_LINGER, &(int){0}, sizeof(int)) != 0)
        return -1;
    if (strcmp(kind, "connect") == 0)
        return zmq_connect(*socket, endpoint);
    if (strcmp(kind, "enforce") == 0) {
        char public[41], secret[41];

        if (zmq_curve_keypair(public, secret) != 0 ||
            zmq_setsockopt(*socket, ZMQ_CURVE_SERVER, &on, sizeof on) != 0 ||
            zmq_setsockopt(*socket, ZMQ_CURVE_SECRETKEY, secret, 41) != 0 ||
            zmq_setsockopt(*socket, ZMQ_ZAP_DOMAIN, "own", 3) != 0 ||
            zmq_setsockopt(*socket, 93 /* ZMQ_ZAP_ENFORCE_DOMAIN */, &on, sizeof on) != 0)
            return -1;
    }
    return zmq_bind(*socket, "tcp://127.0.0.1:*");
}

static void *sockets[100000];

int main(int argc, char **argv)
{
    long count = argc > 3 ? atol(argv[3]) : 0;
    void *context = zmq_ctx_new();

    if (count > (long)(sizeof sockets / sizeof *sockets) ||
        zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)count + 1) != 0)
        return 2;
    for (long i = 0; i < count; i++)
        if (open_socket(context, argv[1], argv[2], &sockets[i]) != 0) {
            fprintf(stderr, "%s number %ld: %s\n", argv[1], i, zmq_strerror(zmq_errno()));
            return 3;
        }
    for (long i = 0; i < count; i++)
        zmq_close(sockets[i]);
    return zmq_ctx_term(context);
}
