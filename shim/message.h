#ifndef CURVESHIM_SHIM_MESSAGE_H
#define CURVESHIM_SHIM_MESSAGE_H

#include "shim/zmqlib.h"

/* zmq_msg_gets(3) of that copy of libzmq. The property "Peer-Address" is without its label
 * (connection_label.h). */
const char *message_gets(const struct zmqlib *lib, const zmq_msg_t *message, const char *property);

/* The copy that a call with a message was meant for. As zmqlib_for_caller, but without a look at
 * the loaded objects where one copy is all there is, or the thread called from there last. */
const struct zmqlib *message_lib(const void *caller);

#endif
