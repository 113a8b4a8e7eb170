#ifndef CURVESHIM_SHIM_HOOKS_H
#define CURVESHIM_SHIM_HOOKS_H

#include <errno.h>

/* The exported functions: signatures, return values and errno are libzmq's own (man pages
 * zmq_bind(3) and so on). Prototypes that stock headers lack are here. */

#include "shim/zmqlib.h"

#define EXPORT __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/* libzmq itself is not to be found. */
static inline int missing(void)
{
    errno = ENOSYS;
    return -1;
}

int zmq_ctx_set_ext(void *context, int option, const void *value, size_t size);
int zmq_ctx_get_ext(void *context, int option, void *value, size_t *size);
uint32_t zmq_connect_peer(void *socket, const char *endpoint);

#endif
