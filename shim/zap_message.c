#include "shim/zap_message.h"

#include <errno.h>

static int receive_frame(const struct zmqlib *lib, void *socket, zmq_msg_t *message, int flags)
{
    lib->msg_init(message);
    while (lib->msg_recv(message, socket, flags) < 0) {
        if (errno == EINTR)
            continue;
        lib->msg_close(message);
        return -1;
    }
    return 0;
}

int zap_message_receive(const struct zmqlib *lib, void *socket, struct zap_message *message)
{
    int more = 1, flags = ZMQ_DONTWAIT;

    message->count = 0;
    message->excess = false;
    while (more) {
        zmq_msg_t dropped, *frame = &message->messages[message->count];

        if (message->count == ZAP_MESSAGE_FRAMES) {
            message->excess = true;
            frame = &dropped;
        }
        if (receive_frame(lib, socket, frame, flags) != 0) {
            zap_message_close(lib, message);
            return -1;
        }
        /* The rest of a message is there once its first frame is. */
        flags = 0;
        more = lib->msg_more(frame);
        if (frame == &dropped) {
            lib->msg_close(frame);
            continue;
        }
        message->frames[message->count].data = lib->msg_data(frame);
        message->frames[message->count].size = lib->msg_size(frame);
        message->count++;
    }
    return 0;
}

void zap_message_close(const struct zmqlib *lib, struct zap_message *message)
{
    for (size_t i = 0; i < message->count; i++)
        lib->msg_close(&message->messages[i]);
    message->count = 0;
}

int zap_message_send(const struct zmqlib *lib, void *socket, const struct zap_frame *peer,
                     const struct zap_frame *frames, size_t count)
{
    if (lib->send(socket, peer->data, peer->size, ZMQ_SNDMORE) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (lib->send(socket, frames[i].data, frames[i].size, i + 1 < count ? ZMQ_SNDMORE : 0) < 0)
            return -1;
    return 0;
}
