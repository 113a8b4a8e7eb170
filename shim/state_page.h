#ifndef CURVESHIM_SHIM_STATE_PAGE_H
#define CURVESHIM_SHIM_STATE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* What curveshim-check can read of a process: a page in a memfd named "curveshim-state", which
 * shows as /proc/PID/fd/N -> "/memfd:curveshim-state (deleted)". It holds no key and no message.
 *
 * One writer at a time (under LOCK_PAGE); a reader copies the page and takes the copy only if
 * sequence was even and the same before and after. */

#define STATE_PAGE_NAME "curveshim-state"
#define STATE_PAGE_MAGIC 0x6d696873u /* "shim" */
#define STATE_PAGE_LAYOUT 2
#define STATE_PAGE_ENTRIES 256
#define STATE_PAGE_ENDPOINT 112
#define STATE_PAGE_PEERS 256
#define STATE_PAGE_TROUBLES 32
#define STATE_PAGE_WHO 64
#define STATE_PAGE_REASON 112

enum state_page_kind {
    STATE_SECURED = 1,   /* CURVE by the shim */
    STATE_OWN_CURVE = 2, /* CURVE by the program itself */
    STATE_PLAINTEXT = 3, /* exempted */
    STATE_REFUSED = 4,
};

struct state_page_entry {
    uint32_t kind;                      /* enum state_page_kind; 0: free */
    uint32_t server;                    /* 1: bound, 0: connected */
    uint64_t since;                     /* seconds since 1970 UTC */
    uint64_t socket;                    /* a label, the same for all entries of one socket */
    uint64_t count;                     /* of the same call again */
    char endpoint[STATE_PAGE_ENDPOINT]; /* as passed, NUL-terminated, cut */
    char resolved[STATE_PAGE_ENDPOINT]; /* ZMQ_LAST_ENDPOINT of a bind, or "" */
};

/* A secured connection. Its end is not seen: it has ended when its descriptor is another socket. */
struct state_page_peer {
    uint64_t inode; /* of the socket; 0: free */
    uint64_t since;
    int32_t descriptor;
    uint32_t server;                    /* 1: it came in, 0: it was connected */
    char name[STATE_PAGE_WHO];          /* of the client's certificate, or "" */
    char peer[STATE_PAGE_ENDPOINT];     /* "tcp://192.0.2.1:40000" */
    char endpoint[STATE_PAGE_ENDPOINT]; /* as passed to zmq_bind or zmq_connect */
};

/* What keeps a peer out: handshakes that failed, clients that were refused. It is taken off when a
 * handshake with that peer succeeds. */
struct state_page_trouble {
    uint64_t count; /* 0: free */
    uint64_t since;
    uint64_t last;
    uint32_t server;
    uint32_t unused;
    char name[STATE_PAGE_WHO];
    char address[STATE_PAGE_WHO]; /* of a client, without its port; of a server "" */
    char endpoint[STATE_PAGE_ENDPOINT];
    char reason[STATE_PAGE_REASON];
};

struct state_page {
    uint32_t magic;
    uint32_t layout;
    uint32_t sequence;   /* odd while it is being written */
    int32_t pid;         /* of the writer: a forked child has a page of its own */
    uint32_t mode;       /* enum config_mode */
    uint32_t lost;       /* entries that did not fit */
    uint64_t started;    /* seconds since 1970 UTC */
    uint64_t blocked;    /* plaintext handshakes stopped on the wire */
    uint64_t refused;    /* binds and connects */
    uint64_t accepted;   /* clients that the authenticator let in */
    uint64_t denied;     /* clients that it did not */
    uint64_t handshakes; /* that succeeded */
    uint64_t failed;     /* that did not */
    uint32_t peers_lost; /* peers that did not fit */
    uint32_t unused;
    char version[32];
    char certificates[256];
    char config_error[256];
    struct state_page_entry entries[STATE_PAGE_ENTRIES];
    struct state_page_peer peers[STATE_PAGE_PEERS];
    struct state_page_trouble troubles[STATE_PAGE_TROUBLES];
};

/* The writer. All thread-safe; none blocks on a reader or fails loudly: without a page,
 * curveshim-check answers that it cannot tell. */
struct config;
void state_page_open(const struct config *config);
/* The last context has ended: the page and its descriptor go with it. */
void state_page_close(void);
void state_page_note(enum state_page_kind kind, bool server, const void *socket,
                     const char *endpoint, const char *resolved);
/* endpoint NULL: everything of the socket. */
void state_page_forget(const void *socket, const char *endpoint);

enum state_page_counter { STATE_BLOCKED, STATE_REFUSALS, STATE_ACCEPTED, STATE_DENIED };
void state_page_count(enum state_page_counter counter);

/* A handshake has succeeded on a descriptor, or failed; or the authenticator has refused a client.
 * name and address may be "". */
void state_page_peer(int fd, bool server, const char *name, const char *peer, const char *address,
                     const char *endpoint);
void state_page_trouble(bool server, const char *name, const char *address, const char *endpoint,
                        const char *reason);

/* In the child of a fork: lets go of the parent's page. */
void state_page_forked(void);

#endif
