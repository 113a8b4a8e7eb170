/* What an agent of each pattern sends and receives. */
#ifndef AGENT_PATTERNS_H
#define AGENT_PATTERNS_H

#include "agent_options.h"

#include <signal.h>
#include <stdint.h>

struct agent {
    const struct options *options;
    void *socket;
    int type;
    int64_t deadline; /* CLOCK_MONOTONIC in ms, 0 = none */
    long received;
    volatile sig_atomic_t *stopped;
};

/* -1 when the pattern is not known. */
int pattern_socket_type(const struct options *options);

/* Milliseconds, in the form that RCVTIMEO, SNDTIMEO and LINGER want. */
int agent_remaining(const struct agent *agent);
int64_t agent_clock(void);

/* Whether something may still be queued when the work is done. */
bool agent_sends_last(const struct agent *agent);

/* 0 when everything was sent and received, else -1 with errno: EAGAIN or EINTR. */
int agent_work(struct agent *agent);

#endif
