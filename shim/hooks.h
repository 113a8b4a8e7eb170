#ifndef CURVESHIM_SHIM_HOOKS_H
#define CURVESHIM_SHIM_HOOKS_H

#include <errno.h>
#include <stdbool.h>

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

/* Whether name is one of the exported zmq_ functions. */
bool hooks_has(const char *name);

/* The hook that answers a look-up of name in a copy of libzmq. Contexts made through it belong to
 * that copy, wherever the call comes from. NULL if name is not hooked. */
void *hooks_for(const struct zmqlib *lib, const char *name);

/* Whether a function is one of this library's exports. */
bool hooks_is_own(const void *function);

/* Find the real functions, before anybody can fork. */
void hooks_io_resolve(void);
void hooks_birth_resolve(void);
void hooks_name_resolve(void);
void hooks_secret_resolve(void);

int zmq_ctx_set_ext(void *context, int option, const void *value, size_t size);
int zmq_ctx_get_ext(void *context, int option, void *value, size_t *size);
uint32_t zmq_connect_peer(void *socket, const char *endpoint);

#endif
