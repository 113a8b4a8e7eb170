#include <string.h>

#include "scenario.h"

_Atomic int asked;

static void *handle(void *handler)
{
    static const char *const reply[] = {"200", "OK", "", ""};
    char id[256], text[256];

    for (;;) {
        int more, part = 0, size, id_size = 0;
        size_t length = sizeof more;

        do {
            if ((size = zmq_recv(handler, text, sizeof text, 0)) < 0)
                break;
            if (part++ == 1)
                memcpy(id, text, (size_t)(id_size = size < 255 ? size : 255));
            if (zmq_getsockopt(handler, ZMQ_RCVMORE, &more, &length) != 0)
                more = 0;
        } while (more);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            break;
        asked++;
        zmq_send(handler, "1.0", 3, ZMQ_SNDMORE);
        zmq_send(handler, id, (size_t)id_size, ZMQ_SNDMORE);
        for (int i = 0; i < 4; i++)
            zmq_send(handler, reply[i], strlen(reply[i]), i < 3 ? ZMQ_SNDMORE : 0);
    }
    zmq_close(handler);
    return NULL;
}

pthread_t start_handler(void *context, void *server)
{
    void *handler = open_socket(context, ZMQ_REP);
    pthread_t thread;

    TRY(done(zmq_bind, handler, "inproc://zeromq.zap.01"), "bind")
    TRY(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, "mine", 4) == 0, "option")
    if (pthread_create(&thread, NULL, handle, handler) != 0)
        give_up("thread");
    return thread;
}
