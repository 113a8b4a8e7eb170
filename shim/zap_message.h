#ifndef CURVESHIM_SHIM_ZAP_MESSAGE_H
#define CURVESHIM_SHIM_ZAP_MESSAGE_H

#include "shim/zap.h"
#include "shim/zmqlib.h"

/* Whole messages of ROUTER sockets: the routing id of the peer, then what it says. */

#define ZAP_MESSAGE_FRAMES 12 /* more than ZAP has, envelope included */

struct zap_message {
    zmq_msg_t messages[ZAP_MESSAGE_FRAMES];
    struct zap_frame frames[ZAP_MESSAGE_FRAMES]; /* their content */
    size_t count;
    bool excess; /* there were more, which are lost */
};

/* Receives a message without waiting. 0, and the caller closes it; -1 with errno. */
int zap_message_receive(const struct zmqlib *lib, void *socket, struct zap_message *message);
void zap_message_close(const struct zmqlib *lib, struct zap_message *message);

/* Sends the frames after peer's routing id. 0, or -1 with errno. A peer that is gone is no error.
 */
int zap_message_send(const struct zmqlib *lib, void *socket, const struct zap_frame *peer,
                     const struct zap_frame *frames, size_t count);

#endif
