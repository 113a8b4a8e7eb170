#include "tests/bench/bench_agent.h"

#include <czmq.h>
#include <string.h>
#include <time.h>

void *bench_context;
static const char *security;
static zcert_t *own, *servers;
static zactor_t *authenticator;

int64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

long bench_next(const struct plan *plan)
{
    static bool done;
    char line[32];

    if (plan->count > 0) {
        if (done)
            return 0;
        done = true;
        return plan->count;
    }
    return fgets(line, sizeof line, stdin) != NULL ? strtol(line, NULL, 10) : 0;
}

static zcert_t *load(const char *name)
{
    char path[4096];
    zcert_t *certificate;

    snprintf(path, sizeof path, "%s/%s", getenv("BENCH_CERTS"), name);
    certificate = zcert_load(path);
    if (certificate == NULL) {
        fprintf(stderr, "bench_agent: no certificate %s\n", path);
        exit(1);
    }
    return certificate;
}

/* czmq's authenticator answers in the context that czmq keeps. */
static void start_zauth(void)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/authorized_clients", getenv("BENCH_CERTS"));
    authenticator = zactor_new(zauth, NULL);
    zstr_sendx(authenticator, "CURVE", path, NULL);
    zsock_wait(authenticator);
}

static void secure(void *socket, int binds)
{
    int on = 1;

    if (strcmp(security, "none") == 0)
        return;
    if (own == NULL)
        own = load(binds ? "server.key_secret" : "client.key_secret");
    if (binds) {
        if (strcmp(security, "zauth") == 0)
            MUST(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "global", 6));
        MUST(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on));
        MUST(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, zcert_secret_key(own), 32));
        return;
    }
    if (servers == NULL)
        servers = load("server.key");
    MUST(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, zcert_public_key(own), 32));
    MUST(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, zcert_secret_key(own), 32));
    MUST(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, zcert_public_key(servers), 32));
}

void *bench_socket(int type, int binds)
{
    void *socket = zmq_socket(bench_context, type);
    int none = 0, backlog = 4096, patience = 180000;

    if (socket == NULL)
        MUST(-1);
    MUST(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none));
    MUST(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none));
    MUST(zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none));
    MUST(zmq_setsockopt(socket, ZMQ_BACKLOG, &backlog, sizeof backlog));
    MUST(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof patience));
    secure(socket, binds);
    return socket;
}

void *bench_bound(int type, const char *endpoint)
{
    void *socket = bench_socket(type, 1);
    char resolved[256];
    size_t size = sizeof resolved;

    MUST(zmq_bind(socket, endpoint));
    MUST(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, resolved, &size));
    printf("%s\n", resolved);
    fflush(stdout);
    return socket;
}

void *bench_connected(int type, const char *endpoint)
{
    void *socket = bench_socket(type, 0);

    if (type == ZMQ_SUB)
        MUST(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0));
    MUST(zmq_connect(socket, endpoint));
    return socket;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(const struct plan *plan);
    } roles[] = {{"sink", bench_sink},        {"source", bench_source},
                 {"publish", bench_publish},  {"subscribe", bench_subscribe},
                 {"echo", bench_echo},        {"ask", bench_ask},
                 {"crowd", bench_crowd},      {"handshakes", bench_handshakes},
                 {"hold", bench_hold},        {"sockets", bench_sockets},
                 {"contexts", bench_contexts}};
    struct plan plan;
    const char *threads = getenv("BENCH_IO_THREADS");

    if (argc != 6) {
        fprintf(stderr, "usage: bench_agent ROLE ENDPOINT COUNT SIZE PEERS\n");
        return 2;
    }
    plan = (struct plan){argv[2], strtol(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
                         strtol(argv[5], NULL, 10), 0};
    security = getenv("BENCH_SECURITY") != NULL ? getenv("BENCH_SECURITY") : "none";
    if (strcmp(security, "zauth") == 0) {
        zsys_init();
        zsys_set_max_sockets(0);
        if (threads != NULL)
            zsys_set_io_threads(strtoul(threads, NULL, 10));
        start_zauth();
        bench_context = zsys_init();
    } else {
        bench_context = zmq_ctx_new();
        MUST(zmq_ctx_set(bench_context, ZMQ_MAX_SOCKETS, 65000));
        if (threads != NULL)
            MUST(zmq_ctx_set(bench_context, ZMQ_IO_THREADS, (int)strtol(threads, NULL, 10)));
    }
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(argv[1], roles[i].name) == 0) {
            roles[i].run(&plan);
            fflush(stdout);
            /* What is open ends with the process: its end is not measured. */
            _exit(0);
        }
    fprintf(stderr, "bench_agent: no role %s\n", argv[1]);
    return 2;
}
