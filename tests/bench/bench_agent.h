#ifndef CURVESHIM_TESTS_BENCH_BENCH_AGENT_H
#define CURVESHIM_TESTS_BENCH_BENCH_AGENT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

/* A ZeroMQ agent that measures. How its sockets are secured is up to BENCH_SECURITY: "none" (what
 * the library secures, or not), "curve" (by hand, no authenticator), "zauth" (by hand, with
 * czmq's), from the certificate directory BENCH_CERTS. What it measured is a line of JSON on
 * stdout; what binds says first where. With a COUNT of 0 it measures in slices, while it lives:
 * each line on stdin says of how many messages the next one is, and has a line of JSON in answer.
 */

struct plan {
    const char *endpoint;
    long count;  /* of messages, round trips, handshakes; for each peer; 0: see bench_next */
    size_t size; /* of a message, bytes */
    long peers;  /* subscribers, clients, or handshakes at a time */
    int type;    /* ZMQ_… of the sockets */
};

/* A call that cannot fail in a measurement. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            fprintf(stderr, "bench_agent: %s: %s\n", #call, zmq_strerror(zmq_errno()));            \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

extern void *bench_context;

int64_t bench_now(void); /* monotonic nanoseconds */

/* How many there are in the next slice; 0 when it was the last one. */
long bench_next(const struct plan *plan);

/* A socket without limits and linger, secured as asked. Closed by its caller. */
void *bench_socket(int type, int binds);
void *bench_bound(int type, const char *endpoint);
void *bench_connected(int type, const char *endpoint);

/* What the roles do. */
void bench_sink(const struct plan *plan);       /* binds; receives count messages */
void bench_source(const struct plan *plan);     /* connects; sends them */
void bench_publish(const struct plan *plan);    /* binds; sends to peers subscribers */
void bench_subscribe(const struct plan *plan);  /* connects peers subscribers */
void bench_echo(const struct plan *plan);       /* binds; answers until stdin ends */
void bench_ask(const struct plan *plan);        /* connects; round trips, one by one */
void bench_crowd(const struct plan *plan);      /* peers clients, each with a request under way */
void bench_handshakes(const struct plan *plan); /* new connections, peers at a time */
void bench_sockets(const struct plan *plan);    /* binds peers sockets to loopback, closes them */
void bench_contexts(const struct plan *plan);   /* makes peers contexts, a bound socket in each */
void bench_hold(const struct plan *plan);       /* connects peers clients, and holds them */

#endif
