#include "tests/bench/bench_agent.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static char *payload(size_t size)
{
    char *bytes = malloc(size + 1);

    if (bytes == NULL)
        exit(1);
    memset(bytes, 'x', size + 1);
    return bytes;
}

static void report(int64_t nanoseconds, long count)
{
    printf("{\"seconds\": %.9f, \"count\": %ld}\n", (double)nanoseconds / 1e9, count);
    fflush(stdout);
}

static void receive(void *socket)
{
    zmq_msg_t message;

    MUST(zmq_msg_init(&message));
    MUST(zmq_msg_recv(&message, socket, 0));
    MUST(zmq_msg_close(&message));
}

/* A slice begins when it is asked for, not when its first message is there: by then most of a short
 * one would be on its way. Where there is only one, connections are made first. */
void bench_sink(const struct plan *plan)
{
    void *socket = bench_bound(ZMQ_PULL, plan->endpoint);
    long count;

    while ((count = bench_next(plan)) > 0) {
        long counted = count;
        int64_t start = bench_now();

        if (plan->count > 0) {
            receive(socket);
            start = bench_now();
            counted--;
        }
        for (long i = 0; i < counted; i++)
            receive(socket);
        report(bench_now() - start, counted);
    }
}

static void wait_for_end_of_input(void)
{
    char byte;

    while (read(0, &byte, 1) > 0)
        continue;
}

void bench_source(const struct plan *plan)
{
    void *socket = bench_connected(ZMQ_PUSH, plan->endpoint);
    char *bytes = payload(plan->size);
    long count;

    while ((count = bench_next(plan)) > 0)
        for (long i = 0; i < count; i++)
            MUST(zmq_send(socket, bytes, plan->size, 0));
    wait_for_end_of_input();
}

void bench_publish(const struct plan *plan)
{
    void *socket = bench_bound(ZMQ_XPUB, plan->endpoint);
    char *bytes = payload(plan->size);
    int every = 1;
    long count;

    MUST(zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &every, sizeof every));
    for (long i = 0; i < plan->peers; i++)
        receive(socket);
    while ((count = bench_next(plan)) > 0)
        for (long i = 0; i < count; i++)
            MUST(zmq_send(socket, bytes, plan->size, 0));
    wait_for_end_of_input();
}

/* Takes turns, as a process of many subscribers would. */
static void subscribers_receive(void **sockets, long peers, long count, bool sliced)
{
    int64_t start = sliced ? bench_now() : 0;

    for (long n = 0; n < count; n++)
        for (long i = 0; i < peers; i++) {
            receive(sockets[i]);
            if (start == 0)
                start = bench_now();
        }
    report(bench_now() - start, count * peers);
}

void bench_subscribe(const struct plan *plan)
{
    void **sockets = calloc((size_t)plan->peers, sizeof *sockets);
    long count;

    for (long i = 0; i < plan->peers; i++)
        sockets[i] = bench_connected(ZMQ_SUB, plan->endpoint);
    while ((count = bench_next(plan)) > 0)
        subscribers_receive(sockets, plan->peers, count, plan->count == 0);
}

/* A ROUTER, so that one is enough for REQ and DEALER, for one client and for many. */
void bench_echo(const struct plan *plan)
{
    void *socket = bench_bound(ZMQ_ROUTER, plan->endpoint);
    zmq_pollitem_t items[2] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, 0, ZMQ_POLLIN, 0}};

    for (;;) {
        zmq_msg_t message;

        if (zmq_msg_init(&message) == 0 && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
            int more = zmq_msg_more(&message);

            if (zmq_msg_send(&message, socket, more ? ZMQ_SNDMORE : 0) < 0)
                MUST(zmq_msg_close(&message));
            continue;
        }
        MUST(zmq_poll(items, 2, -1));
        if (items[1].revents != 0)
            return;
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void report_times(int64_t *times, long count, int64_t all)
{
    static const struct {
        const char *name;
        long share; /* of ten thousand, that are no longer */
    } quantiles[] = {{"p10", 1000}, {"p50", 5000}, {"p90", 9000}, {"p99", 9900}, {"p999", 9990}};

    qsort(times, (size_t)count, sizeof *times, by_size);
    printf("{\"seconds\": %.9f, \"count\": %ld", (double)all / 1e9, count);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        int64_t nanoseconds = times[count * quantiles[i].share / 10000];

        printf(", \"%s\": %.9f", quantiles[i].name, (double)nanoseconds / 1e9);
    }
    puts("}");
    fflush(stdout);
}

static void round_trip(void *socket, const char *bytes, size_t size)
{
    MUST(zmq_send(socket, bytes, size, 0));
    receive(socket);
}

static int64_t ask(void *socket, const char *bytes, size_t size, int64_t *times, long count)
{
    int64_t start = bench_now();

    for (long i = 0; i < count; i++) {
        int64_t before = bench_now();

        round_trip(socket, bytes, size);
        times[i] = bench_now() - before;
    }
    return bench_now() - start;
}

/* After the last slice comes a line of all together: rare times need many. */
void bench_ask(const struct plan *plan)
{
    void *socket = bench_connected(ZMQ_REQ, plan->endpoint);
    char *bytes = payload(plan->size);
    int64_t *times = NULL, all = 0;
    long count, done = 0;

    for (long i = 0; i < 50; i++)
        round_trip(socket, bytes, plan->size);
    while ((count = bench_next(plan)) > 0) {
        int64_t spent;

        times = realloc(times, (size_t)(done + count) * sizeof *times);
        if (times == NULL)
            exit(1);
        spent = ask(socket, bytes, plan->size, times + done, count);
        report_times(times + done, count, spent);
        done += count;
        all += spent;
    }
    if (plan->count == 0 && done > 0)
        report_times(times, done, all);
}

static void crowd_and_report(void **sockets, const struct plan *plan, const char *bytes, long count)
{
    int64_t start = bench_now();

    for (long i = 0; i < plan->peers; i++)
        MUST(zmq_send(sockets[i], bytes, plan->size, 0));
    for (long n = 1; n < count; n++)
        for (long i = 0; i < plan->peers; i++) {
            receive(sockets[i]);
            MUST(zmq_send(sockets[i], bytes, plan->size, 0));
        }
    for (long i = 0; i < plan->peers; i++)
        receive(sockets[i]);
    report(bench_now() - start, count * plan->peers);
}

void bench_crowd(const struct plan *plan)
{
    void **sockets = calloc((size_t)plan->peers, sizeof *sockets);
    char *bytes = payload(plan->size);
    long count;

    for (long i = 0; i < plan->peers; i++) {
        sockets[i] = bench_connected(ZMQ_DEALER, plan->endpoint);
        round_trip(sockets[i], bytes, plan->size);
    }
    while ((count = bench_next(plan)) > 0)
        crowd_and_report(sockets, plan, bytes, count);
}

/* A handshake is done when a message was there and back. */
static void shake_and_report(void **sockets, const struct plan *plan, long count)
{
    int64_t start = bench_now();

    for (long done = 0; done < count; done += plan->peers) {
        for (long i = 0; i < plan->peers; i++) {
            sockets[i] = bench_connected(ZMQ_DEALER, plan->endpoint);
            MUST(zmq_send(sockets[i], "x", 1, 0));
        }
        for (long i = 0; i < plan->peers; i++) {
            receive(sockets[i]);
            MUST(zmq_close(sockets[i]));
        }
    }
    report(bench_now() - start, count);
}

void bench_handshakes(const struct plan *plan)
{
    void **sockets = calloc((size_t)plan->peers, sizeof *sockets);
    long count;

    /* The first one waits until the server has read what it lets in. */
    round_trip(sockets[0] = bench_connected(ZMQ_DEALER, plan->endpoint), "x", 1);
    MUST(zmq_close(sockets[0]));
    while ((count = bench_next(plan)) > 0)
        shake_and_report(sockets, plan, count);
}

static long resident(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long size = 0, pages = 0, shared = 0;

    if (file == NULL || fscanf(file, "%ld %ld %ld", &size, &pages, &shared) != 3)
        exit(1);
    fclose(file);
    return (pages - shared) * sysconf(_SC_PAGESIZE);
}

/* On an address of their own, a few thousand each: the kernel searches long for the last free
 * ports. */
void bench_sockets(const struct plan *plan)
{
    enum { ON_ADDRESS = 4000 };
    void **sockets = calloc((size_t)plan->peers, sizeof *sockets);
    long before = resident(), after;
    int64_t start = bench_now(), bound, closed;

    for (long i = 0; i < plan->peers; i++) {
        char endpoint[64];

        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.%ld:*", 1 + i / ON_ADDRESS);
        sockets[i] = bench_socket(ZMQ_PULL, 1);
        MUST(zmq_bind(sockets[i], endpoint));
    }
    bound = bench_now();
    after = resident();
    for (long i = 0; i < plan->peers; i++)
        MUST(zmq_close(sockets[i]));
    closed = bench_now();
    printf("{\"bind\": %.9f, \"close\": %.9f, \"before\": %ld, \"after\": %ld}\n",
           (double)(bound - start) / 1e9, (double)(closed - bound) / 1e9, before, after);
}

/* Each with a listener, so that what serves it is there. */
void bench_contexts(const struct plan *plan)
{
    long before = resident();

    for (long i = 0; i < plan->peers; i++) {
        bench_context = zmq_ctx_new();
        MUST(zmq_bind(bench_socket(ZMQ_PULL, 1), plan->endpoint));
    }
    printf("{\"contexts\": %ld, \"before\": %ld, \"after\": %ld}\n", plan->peers, before,
           resident());
}

/* Few at a time, as they would come one after the other. */
void bench_hold(const struct plan *plan)
{
    enum { AT_A_TIME = 64 };
    void *sockets[AT_A_TIME];
    int64_t start = bench_now();

    for (long done = 0, count; done < plan->peers; done += count) {
        count = plan->peers - done < AT_A_TIME ? plan->peers - done : AT_A_TIME;
        for (long i = 0; i < count; i++) {
            sockets[i] = bench_connected(ZMQ_DEALER, plan->endpoint);
            MUST(zmq_send(sockets[i], "x", 1, 0));
        }
        for (long i = 0; i < count; i++)
            receive(sockets[i]);
    }
    report(bench_now() - start, plan->peers);
    fflush(stdout);
    wait_for_end_of_input();
}
