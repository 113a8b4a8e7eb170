#ifndef CURVESHIM_SHIM_REGISTRY_H
#define CURVESHIM_SHIM_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shim/table.h"
#include "shim/zmqlib.h"

/* The contexts and sockets that the program has open, by address. libzmq reuses addresses at once,
 * so entries leave before the real close and before the real end of a context.
 *
 * Entries are reference-counted: what registry_… returns is held until the matching release.
 * Thread-safe. In a forked child the entries stay, with fresh latches. */

enum authenticator_state { AUTHENTICATOR_NONE, AUTHENTICATOR_UP, AUTHENTICATOR_ENDED };

struct context {
    struct table_node node;
    void *address;
    const struct zmqlib *lib;
    unsigned references;
    pid_t pid;       /* that made it */
    int max_sockets; /* the program's own value; 0: the library did not change it */
    int io_threads;  /* likewise */
    int sockets;     /* that the program has open; LOCK_REGISTRY */

    /* Held while the authenticator is started, and while the program's ZAP handler comes or goes.
     */
    pthread_mutex_t latch;
    unsigned long handlers;       /* ZAP handlers that the program has bound so far */
    unsigned long handler;        /* the one that is bound now; 0: none */
    unsigned long handler_closed; /* up to this one they are closed */
    enum authenticator_state authenticator;
    pid_t authenticator_pid;
    pthread_t thread;
    bool thread_joinable; /* LOCK_REGISTRY, like the next two */
    bool thread_finished;
    bool ending; /* zmq_ctx_term will join the thread */
};

struct sock {
    struct table_node node;
    void *address;
    struct context *context;
    const struct zmqlib *lib;
    unsigned references;
    bool router_raw;
    bool has_bindings;
    bool enforces;         /* noted by enforced.c */
    bool noted;            /* on the state page, or in routes.h */
    unsigned long handler; /* the last one that it was bound as; 0: none */
    bool domain_ours;      /* the ZAP domain that libzmq holds is a leftover of the shim */
    /* Held across option changes and the real call: on thread-safe sockets a second thread would
     * copy options of the first. */
    pthread_mutex_t latch;
};

/* Called once for a context that zmq_ctx_new returned. NULL when out of memory: its sockets can
 * then not be secured, and are refused. The program's reference is implied. */
struct context *registry_add_context(void *address, const struct zmqlib *lib);
struct context *registry_context(void *address);
/* Takes the entry out of the table, reference and all; put it back if the context lives on, or say
 * that it has ended. */
struct context *registry_take_context(void *address);
void registry_return_context(struct context *context);
void registry_end_context(struct context *context);
void registry_hold_context(struct context *context);
void registry_release_context(struct context *context);

/* One that is ending is still there. */
bool registry_has_contexts(void);

struct sock *registry_add_socket(void *address, struct context *context);
struct sock *registry_socket(void *address);
/* Removes the entry and the program's reference. */
struct sock *registry_take_socket(void *address);
void registry_release_socket(struct sock *sock);

/* The library copy of a socket, without a lock where the thread asked for it last; NULL if the
 * socket is not known. */
const struct zmqlib *registry_socket_lib(void *address);

/* In the child of a fork. */
void registry_forked(void);

#endif
