/* Linked with the library, because ld.so ignores LD_PRELOAD in a set-id program. Prints what it
 * finds: the bind's outcome and whether the kernel calls this secure execution. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <zmq.h>

int main(void)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_PULL);
    int result = zmq_bind(socket, "tcp://127.0.0.1:*");

    printf("secure=%lu bind=%s\n", getauxval(AT_SECURE), result == 0 ? "ok" : strerror(errno));
    zmq_close(socket);
    return zmq_ctx_term(context);
}
