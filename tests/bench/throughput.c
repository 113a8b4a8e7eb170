/* A stream of messages from one thread's socket to another's over tcp:
 *   throughput COUNT SIZE
 * Prints the nanoseconds that they took, and the processor's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

struct sender {
    void *context;
    const char *endpoint;
    int count;
    size_t size;
};

static void check(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "throughput: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static long long now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void *connected(void *context, const char *endpoint)
{
    void *socket = zmq_socket(context, ZMQ_PUSH);

    check(socket != NULL && zmq_connect(socket, endpoint) == 0, "connect");
    return socket;
}

static void send_one(void *socket, size_t size)
{
    static const char bytes[65536];

    check(zmq_send(socket, bytes, size, 0) == (int)size, "send");
}

static void *stream(void *argument)
{
    const struct sender *self = argument;
    void *socket = connected(self->context, self->endpoint);

    for (int i = 0; i < self->count; i++)
        send_one(socket, self->size);
    zmq_close(socket);
    return NULL;
}

static void receive_one(void *socket)
{
    char bytes[65536];

    check(zmq_recv(socket, bytes, sizeof bytes, 0) >= 0, "receive");
}

int main(int count, char **arguments)
{
    void *context = zmq_ctx_new(), *receiver = zmq_socket(context, ZMQ_PULL);
    char endpoint[256];
    size_t size = sizeof endpoint;
    struct sender sender = {context, endpoint, 0, 0};
    long long began, cpu;
    pthread_t thread;

    check(count == 3, "COUNT SIZE");
    sender.count = atoi(arguments[1]);
    sender.size = (size_t)atoi(arguments[2]);
    check(sender.count > 0 && sender.size <= 65536, "COUNT SIZE");
    check(zmq_bind(receiver, "tcp://127.0.0.1:*") == 0, "bind");
    zmq_getsockopt(receiver, ZMQ_LAST_ENDPOINT, endpoint, &size);
    began = now(CLOCK_MONOTONIC);
    cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    check(pthread_create(&thread, NULL, stream, &sender) == 0, "thread");
    for (int i = 0; i < sender.count; i++)
        receive_one(receiver);
    pthread_join(thread, NULL);
    printf("%lld %lld\n", now(CLOCK_MONOTONIC) - began, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    zmq_close(receiver);
    zmq_ctx_term(context);
    return 0;
}
