#ifndef CURVESHIM_SHIM_METRICS_H
#define CURVESHIM_SHIM_METRICS_H

#include <stdbool.h>
#include <stdint.h>

/* What is counted in this process, for SECURE_ZMQ_METRICS. Lock-free, async-signal-safe, errno left
 * alone; whoever counts never waits. Names, labels and reasons are in metrics_table.c: nothing that
 * a peer, a file or the program says becomes a label. */

enum metric {
    METRIC_HANDSHAKE_SERVER_OK,
    METRIC_HANDSHAKE_CLIENT_OK,
    METRIC_HANDSHAKE_SERVER_FAILED, /* reason: of the handshake event */
    METRIC_HANDSHAKE_CLIENT_FAILED, /* likewise */
    METRIC_AUTHENTICATION_ALLOWED,  /* reason: of the auth event */
    METRIC_AUTHENTICATION_DENIED,   /* likewise */
    METRIC_CONNECTION_ENDED,        /* a live one, by policy; reason: of the auth event */
    METRIC_CALL_SECURED_SERVER,
    METRIC_CALL_SECURED_CLIENT,
    METRIC_CALL_EXEMPTED,
    METRIC_CALL_REFUSED, /* reason: of the refused event */
    METRIC_BLOCKED,      /* reason: of the blocked event */
    METRIC_RELOAD_OK,
    METRIC_RELOAD_FAILED,
    METRIC_AUTHENTICATOR_FAILED, /* it ended, and its context did not */
    METRIC_LOG_WRITTEN,
    METRIC_LOG_DROPPED,   /* the sink did not take the line */
    METRIC_LOG_HELD_BACK, /* repeats */
    METRIC_COUNT,
};

enum metrics_gauge {
    GAUGE_CONNECTIONS_SERVER, /* established and secured */
    GAUGE_CONNECTIONS_CLIENT,
    GAUGE_AUTHENTICATORS,
    GAUGE_AUTHORISED,
    GAUGE_REVOKED,
    GAUGE_EXPIRY_SERVER, /* seconds since 1970 UTC; 0: it does not expire, or is not loaded */
    GAUGE_EXPIRY_CLIENT,
    GAUGE_EXPIRY_AUTHORISED, /* the soonest to come */
    GAUGE_COUNT,
};

/* reason: one of the texts in the table, without regard to a part in parentheses at its end; any
 * other counts as "other". NULL for metrics without a reason. */
void metrics_count(enum metric metric, const char *reason);
void metrics_count_many(enum metric metric, const char *reason, uint64_t times);

void metrics_gauge_set(enum metrics_gauge gauge, int64_t value);
void metrics_gauge_add(enum metrics_gauge gauge, int64_t difference);

/* For the one who writes them down. reason: index into the metric's reasons, see the table. */
uint64_t metrics_value(enum metric metric, unsigned reason);
int64_t metrics_gauge_value(enum metrics_gauge gauge);

/* Changes with every change. */
unsigned metrics_version(void);
/* Waits until the version is no longer that one, for so many milliseconds at the most. One thread
 * at a time. */
void metrics_wait(unsigned version, unsigned milliseconds);
/* Makes it return. */
void metrics_wake(void);

/* In the child of a fork: it has counted nothing, and has no connection. */
void metrics_forked(void);

#endif
