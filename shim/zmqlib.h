#ifndef CURVESHIM_SHIM_ZMQLIB_H
#define CURVESHIM_SHIM_ZMQLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

/* A copy of libzmq in this process and its real functions. There may be several: the system's, one
 * bundled with a wheel, one inside an addon. Contexts and sockets stay with the copy that made
 * them. Entries live as long as the process. */

/* X(result, name, parameters): a NULL pointer means that this copy does not have it. */
#define ZMQLIB_FUNCTIONS(X)                                                                        \
    X(void *, ctx_new, (void))                                                                     \
    X(void *, init, (int))                                                                         \
    X(int, ctx_term, (void *))                                                                     \
    X(int, ctx_destroy, (void *))                                                                  \
    X(int, term, (void *))                                                                         \
    X(int, ctx_shutdown, (void *))                                                                 \
    X(int, ctx_set, (void *, int, int))                                                            \
    X(int, ctx_get, (void *, int))                                                                 \
    X(int, ctx_set_ext, (void *, int, const void *, size_t))                                       \
    X(int, ctx_get_ext, (void *, int, void *, size_t *))                                           \
    X(void *, socket, (void *, int))                                                               \
    X(int, close, (void *))                                                                        \
    X(int, bind, (void *, const char *))                                                           \
    X(int, unbind, (void *, const char *))                                                         \
    X(int, connect, (void *, const char *))                                                        \
    X(uint32_t, connect_peer, (void *, const char *))                                              \
    X(int, disconnect, (void *, const char *))                                                     \
    X(int, setsockopt, (void *, int, const void *, size_t))                                        \
    X(int, getsockopt, (void *, int, void *, size_t *))                                            \
    X(int, send, (void *, const void *, size_t, int))                                              \
    X(int, msg_init, (zmq_msg_t *))                                                                \
    X(int, msg_recv, (zmq_msg_t *, void *, int))                                                   \
    X(int, msg_more, (const zmq_msg_t *))                                                          \
    X(int, msg_close, (zmq_msg_t *))                                                               \
    X(const char *, msg_gets, (const zmq_msg_t *, const char *))                                   \
    X(void *, msg_data, (zmq_msg_t *))                                                             \
    X(size_t, msg_size, (const zmq_msg_t *))                                                       \
    X(int, poll, (zmq_pollitem_t *, int, long))                                                    \
    X(void, version, (int *, int *, int *))                                                        \
    X(int, has, (const char *))                                                                    \
    X(int, curve_public, (char *, const char *))

#define ZMQLIB_VERSION(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))
/* The oldest that can be made to fail closed: it has ZMQ_ZAP_ENFORCE_DOMAIN. */
#define ZMQLIB_OLDEST ZMQLIB_VERSION(4, 2, 3)

struct zmqlib {
    uintptr_t base;
    uintptr_t start;
    uintptr_t end;
    char file[512]; /* for messages; "" if it is in the main program */
    bool alone;     /* by the file's name nothing else is in it */
    int release;    /* ZMQLIB_VERSION */
    bool has_curve;
#define X(result, name, parameters) result(*name) parameters;
    ZMQLIB_FUNCTIONS(X)
#undef X
};

/* The copy that a call from address caller was meant for: the one that the calling object is
 * linked to, as its own GOT shows; else what the dynamic linker would have found. NULL if there is
 * none. Thread-safe; takes LOCK_REGISTRY. */
const struct zmqlib *zmqlib_for_caller(const void *caller);

/* The same, but only where the caller itself is bound to that copy or contains it. */
const struct zmqlib *zmqlib_of_caller(const void *caller);

/* The copy that an address lies in, or NULL. */
const struct zmqlib *zmqlib_at(const void *address);

/* The copy that was met before and that an address lies in, or NULL. No lock, async-signal-safe. */
const struct zmqlib *zmqlib_around(const void *address);

/* Whether there is one. Likewise. */
bool zmqlib_contains(const void *address);

/* Whether any copy was met. Likewise. */
bool zmqlib_any(void);

/* The copy if just one was met, else NULL. Likewise. */
const struct zmqlib *zmqlib_only(void);

/* A copy by its number; number of a copy. */
#define ZMQLIB_COPIES 16
const struct zmqlib *zmqlib_copy(size_t number);
size_t zmqlib_number(const struct zmqlib *lib);

/* A function of a copy by its full name, or NULL. */
void *zmqlib_function(const struct zmqlib *lib, const char *name);

/* Whether the object that an address lies in exports a function of that name. */
bool zmqlib_caller_defines(const void *caller, const char *name);

/* Whether any copy is loaded. Calls nothing in it. */
bool zmqlib_present(void);

#endif
