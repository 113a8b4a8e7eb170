#ifndef CURVESHIM_SHIM_OBSERVER_SLOT_H
#define CURVESHIM_SHIM_OBSERVER_SLOT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "shim/wire.h"

/* One end of a connection. */
struct slot_address {
    socklen_t size; /* 0: none */
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    };
};

/* What the observer keeps of a descriptor whose handshake it watches. One slot for each descriptor
 * number, in pieces that are mapped when the first of their numbers is watched, and never freed. A
 * slot is written by the thread that sends or receives on the descriptor; what comes before `began`
 * is for others too, and atomic (observer_life.h). */
struct slot {
    uint64_t life;  /* its number; 0 while another begins */
    uint64_t told;  /* the life whose outcome is known */
    int64_t moved;  /* monotonic milliseconds: since when nothing has come or gone */
    ino_t inode;    /* of the socket: a later file of the same number has another */
    int64_t began;  /* connect, or the first byte */
    uint64_t peer;  /* whom it connects to, for the back-off; 0: accepted */
    uint64_t route; /* routes.h; 0: accepted */
    bool accepted;  /* just so: its inode and its ends are here (observer_ends.h) */
    bool connecting;
    bool watched;     /* the connection is there, and something was sent or received */
    bool peer_is_old; /* it has shown no ZMTP 3 greeting */
    bool live;        /* its handshake ended well */
    bool cut;         /* nothing may pass any more */
    uint8_t sent;     /* enum wire_command: the last one */
    uint8_t received;
    struct slot_address remote;
    struct slot_address local; /* of accepted ones */
    struct ucred who;          /* of AF_UNIX */
    struct wire out;
    struct wire in;
};

/* NULL if it can't be had (out of memory, or fd is beyond the table). Async-signal-safe. */
struct slot *slot_of(int fd);
/* The same for a slot that was there before; never maps anything. */
struct slot *slot_if_any(int fd);

/* A descriptor's number is used anew: what its slot is to hold, but for the life, which has ended;
 * or nothing. */
void slot_set(struct slot *slot, const struct slot *value);
void slot_clear(struct slot *slot);

/* The highest descriptor that has had a slot. */
int slot_highest(void);

#endif
