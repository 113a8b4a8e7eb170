#ifndef CURVESHIM_SHIM_CHECK_PROBE_H
#define CURVESHIM_SHIM_CHECK_PROBE_H

#include <sys/socket.h>

#include "shim/check_greeting.h"

/* Asks listeners which mechanism they speak: connects, sends a greeting and nothing else, reads
 * the answer, closes. Many at once. */

enum probe_end {
    PROBE_RUNNING,
    PROBE_ANSWERED, /* see greeting */
    PROBE_CLOSED,   /* the peer hung up before it had said enough; see greeting */
    PROBE_SILENT,   /* time is up; see greeting */
    PROBE_FAILED,   /* no connection: see error */
};

struct probe {
    int descriptor;
    bool connected;
    enum probe_end end;
    int error;
    struct greeting greeting;
    unsigned char received[256];
    size_t size;
    size_t sent;
    int64_t last; /* when something came, in milliseconds */
};

/* The connection is begun; nothing is waited for. */
void probe_start(struct probe *probe, const struct sockaddr *address, socklen_t size);

/* Until each has ended. */
void probe_run(struct probe *probes, size_t count, int timeout);

#endif
