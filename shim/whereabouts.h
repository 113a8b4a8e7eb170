#ifndef CURVESHIM_SHIM_WHEREABOUTS_H
#define CURVESHIM_SHIM_WHEREABOUTS_H

/* Who this process is, and where, for whoever maps a fleet from the lines of SECURE_ZMQ=audit.
 * Allocates nothing, waits for nothing; what can't be found out is "". errno may change. */

struct whereabouts {
    char host[65];
    char script[151];    /* what an interpreter runs, see script_name.h */
    char unit[101];      /* the systemd service, see unit_name.h */
    char addresses[201]; /* of this machine without its loopback, separated by spaces */
};

void whereabouts_find(struct whereabouts *found);

#endif
