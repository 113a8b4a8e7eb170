/* Included before an agent's source: it gets libzmq at run time, as libraries of other languages
 * do. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static void *look_up(const char *name)
{
    static void *library;
    void *found = NULL;

    if (library == NULL)
        library = dlopen(LIBZMQ, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        found = dlsym(library, name);
    if (found == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(4);
    }
    return found;
}

#define LOOKED_UP(name) ((__typeof__(&name))look_up(#name))
#define zmq_bind LOOKED_UP(zmq_bind)
#define zmq_close LOOKED_UP(zmq_close)
#define zmq_connect LOOKED_UP(zmq_connect)
#define zmq_ctx_new LOOKED_UP(zmq_ctx_new)
#define zmq_ctx_term LOOKED_UP(zmq_ctx_term)
#define zmq_errno LOOKED_UP(zmq_errno)
#define zmq_getsockopt LOOKED_UP(zmq_getsockopt)
#define zmq_recv LOOKED_UP(zmq_recv)
#define zmq_send LOOKED_UP(zmq_send)
#define zmq_socket LOOKED_UP(zmq_socket)
#define zmq_strerror LOOKED_UP(zmq_strerror)
