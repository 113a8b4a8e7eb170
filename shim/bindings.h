#ifndef CURVESHIM_SHIM_BINDINGS_H
#define CURVESHIM_SHIM_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/* What the authenticator has to know of each secured listener. libzmq copies a socket's ZAP domain
 * into the listener at zmq_bind, so a domain of its own names each. Thread-safe. */

#define BINDING_DOMAIN 32
#define BINDING_ENDPOINT 512
#define BINDING_OWN_DOMAIN 256 /* libzmq's limit */
/* What a socket is left with that had no domain; no listener of the shim's has it. */
#define BINDING_NO_DOMAIN "curveshim"

/* Of the two keys of a server that is rotated. */
enum binding_key { BINDING_ONLY_KEY, BINDING_OLDER_KEY, BINDING_NEWER_KEY };

struct binding {
    char endpoint[BINDING_ENDPOINT]; /* as passed to zmq_bind, cut */
    char resolved[BINDING_ENDPOINT]; /* ZMQ_LAST_ENDPOINT; "" while zmq_bind is under way */
    bool pending;                    /* zmq_bind has not returned */
    bool ipc;
    enum binding_key key;
    bool req; /* a REQ socket: its connections die of a non-empty User-Id */
    char own_domain[BINDING_OWN_DOMAIN]; /* the program's: its ZAP handler is asked too; "": none */
    bool enforced;                       /* and without a handler nobody may connect */
};

/* Registers a listener to be, and writes its ZAP domain. socket is only a label. 0, or -1 when out
 * of memory. */
int bindings_add(char domain[BINDING_DOMAIN], void *socket, const char *endpoint, bool req);
/* Of two listeners at one endpoint, this is the one with the older key, or the newer one. */
void bindings_rotated(const char *domain, bool older);
/* The program's own ZAP domain, and whether it set ZMQ_ZAP_ENFORCE_DOMAIN; before zmq_bind. */
void bindings_own_domain(const char *domain, const char *own_domain, bool enforced);
/* zmq_bind has returned; resolved may be "". */
void bindings_ready(const char *domain, const char *resolved);
void bindings_remove(const char *domain);
/* zmq_unbind: the listener with that endpoint, as passed or as resolved. */
void bindings_unbound(void *socket, const char *endpoint);
/* zmq_close: all of them. */
void bindings_closed(void *socket);

/* Whether a ZAP domain is of this kind at all. */
bool bindings_is_domain(const char *domain);
/* Copies what is known of a domain; false if it is not known. Waits up to 200 ms for a zmq_bind
 * under way. */
bool bindings_find(const char *domain, struct binding *binding);

/* A connection that a listener has accepted may outlive it (zmq_close lingers): what is known of
 * the listener stays for bindings_recall until each hold is released. */
void bindings_hold(const char *domain);
void bindings_release(const char *domain);
bool bindings_recall(const char *domain, struct binding *binding);

#endif
