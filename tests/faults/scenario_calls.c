#include <pthread.h>
#include <string.h>

#include "scenario.h"

__thread bool may_cancel;

struct call {
    int (*function)(void *, const char *);
    void *socket;
    const char *endpoint;
    int result;
    int code;
};

static void *run_call(void *argument)
{
    struct call *call = argument;

    may_cancel = true;
    call->result = call->function(call->socket, call->endpoint);
    call->code = errno;
    pthread_testcancel();
    return NULL;
}

bool done(int (*function)(void *, const char *), void *socket, const char *endpoint)
{
    struct call call = {function, socket, endpoint, -1, 0};
    pthread_t thread;
    void *ended = NULL;

    if (pthread_create(&thread, NULL, run_call, &call) != 0 || pthread_join(thread, &ended) != 0)
        give_up("thread");
    if (ended == PTHREAD_CANCELED) {
        puts("cancelled");
        if (call.result != 0)
            call.code = ECANCELED;
    }
    errno = call.code;
    return call.result == 0;
}

void *open_socket(void *context, int type)
{
    void *socket;
    int none = 0;

    TRY((socket = zmq_socket(context, type)) != NULL, "socket")
    TRY(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == 0, "option")
    return socket;
}

void resolved(void *socket, char endpoint[256])
{
    size_t size;

    TRY((size = 256, zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0), "endpoint")
}

int receive(void *socket, int wait)
{
    const int64_t end = now_ms() + wait;
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    char text[64];

    while (wait >= 0) {
        int size;

        zmq_poll(&item, 1, wait);
        size = zmq_recv(socket, text, sizeof text, ZMQ_DONTWAIT);
        if (size == sizeof MARK - 1 && memcmp(text, MARK, sizeof MARK - 1) == 0)
            return 1;
        if (size >= 0) {
            printf("violation: a message of somebody else\n");
            exit(FAILED);
        }
        wait = (int)(end - now_ms());
    }
    return 0;
}

void send_one(void *socket)
{
    zmq_send(socket, MARK, sizeof MARK - 1, ZMQ_DONTWAIT);
}

bool exchange(void *server, void *client, int patience)
{
    int64_t end = now_ms() + patience;

    do
        send_one(client);
    while (!receive(server, 500) && now_ms() < end);
    while (receive(server, 0))
        ;
    return now_ms() < end;
}
