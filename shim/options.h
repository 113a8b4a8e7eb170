#ifndef CURVESHIM_SHIM_OPTIONS_H
#define CURVESHIM_SHIM_OPTIONS_H

#include <stddef.h>

#include "shim/registry.h"

/* Socket options set for the length of one call. libzmq copies a socket's options at zmq_bind and
 * zmq_connect, so the program's own values can be put back right after. The caller holds the
 * socket's latch. */

#define OPTIONS_MAX 8

struct options {
    struct sock *sock;
    size_t count;
    struct {
        int option;
        size_t size;
        unsigned char value[256]; /* may be a secret */
    } old[OPTIONS_MAX];
};

void options_start(struct options *options, struct sock *sock);

/* Sets an option after remembering its value. 0, or -1 with libzmq's errno. */
int options_set(struct options *options, int option, const void *value, size_t size);

/* Puts everything back, last first, and wipes what was remembered. errno is left alone. */
void options_restore(struct options *options);

#endif
