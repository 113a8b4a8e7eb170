#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* Sends COUNT messages of 100 bytes over tcp, one after the other, so that the work for each is the
 * same however the threads are scheduled. */
int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0;
    void *context = zmq_ctx_new(), *in = zmq_socket(context, ZMQ_PULL);
    void *out = zmq_socket(context, ZMQ_PUSH);
    char endpoint[256], buffer[100];
    size_t size = sizeof endpoint;
    int done = 0;

    memset(buffer, 'x', sizeof buffer);
    if (zmq_bind(in, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(in, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
        zmq_connect(out, endpoint) != 0)
        return 2;
    for (long i = 0; i < count; i++)
        if (zmq_send(out, buffer, sizeof buffer, 0) < 0 ||
            zmq_recv(in, buffer, sizeof buffer, 0) != sizeof buffer)
            done = 3;
    zmq_close(out);
    zmq_close(in);
    zmq_ctx_term(context);
    return done;
}
