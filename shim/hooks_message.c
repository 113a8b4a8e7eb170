#include <errno.h>
#include <string.h>

#include "shim/connection_label.h"
#include "shim/hooks.h"
#include "shim/message.h"

const char *message_gets(const struct zmqlib *lib, const zmq_msg_t *message, const char *property)
{
    const char *value;

    if (lib == NULL || lib->msg_gets == NULL) {
        errno = ENOSYS;
        return NULL;
    }
    value = lib->msg_gets(message, property);
    if (value == NULL || strcmp(property, "Peer-Address") != 0)
        return value;
    return connection_label_skip(value);
}

const struct zmqlib *message_lib(const void *caller)
{
    static __thread __attribute__((tls_model("initial-exec"))) struct {
        const void *caller;
        const struct zmqlib *lib;
    } last;
    const struct zmqlib *lib = zmqlib_only();

    if (lib != NULL)
        return lib;
    if (last.caller != caller) {
        last.lib = zmqlib_for_caller(caller);
        last.caller = caller;
    }
    return last.lib;
}

EXPORT const char *zmq_msg_gets(const zmq_msg_t *message, const char *property)
{
    return message_gets(message_lib(CALLER), message, property);
}
