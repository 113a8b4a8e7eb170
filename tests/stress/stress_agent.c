/* agent.py in C: see there for the arguments, the signals and the log. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define MARK "STRESS-IN-CLEAR-7f3a9c"

enum { TICK_MS = 50, MOST_PADDING = 4000, ROOM = MOST_PADDING + 256, HEAD = sizeof MARK + 9 };
enum { FNV_BASIS = 2166136261U, FNV_PRIME = 16777619 };

static volatile sig_atomic_t stopped, silenced, again;

static struct {
    const char *name, *incarnation, *kind, *endpoint;
    bool bind, sends, asks, echoes;
    int type, log;
    int64_t interval, patience;
    void *context, *socket;
    long number, outstanding;
} agent;

static void handle(int number)
{
    if (number == SIGTERM)
        stopped = 1;
    else if (number == SIGUSR2)
        silenced = 1;
    else
        again = agent.asks;
}

static int64_t clock_ms(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(const char *what)
{
    fprintf(stderr, "stress_agent: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    char line[512];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(line, sizeof line - 1, format, values);
    va_end(values);
    line[size] = '\n';
    if (write(agent.log, line, (size_t)size + 1) < 0)
        fail("log");
}

static uint32_t checksum(const char *text, size_t size)
{
    uint32_t value = FNV_BASIS;
    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)text[i]) * FNV_PRIME;
    return value;
}

static void open_socket(void)
{
    int none = 0;
    if (agent.socket)
        zmq_close(agent.socket);
    agent.socket = zmq_socket(agent.context, agent.type);
    if (!agent.socket)
        fail("socket");
    zmq_setsockopt(agent.socket, ZMQ_LINGER, &none, sizeof none);
    if (agent.type == ZMQ_SUB)
        zmq_setsockopt(agent.socket, ZMQ_SUBSCRIBE, "", 0);
    if ((agent.bind ? zmq_bind : zmq_connect)(agent.socket, agent.endpoint) < 0)
        fail(agent.endpoint);
    agent.outstanding = 0;
    again = 0;
    note("O");
}

/* False when it is not what anybody sent. */
static bool take(zmq_msg_t *message)
{
    char text[ROOM], stream[64], incarnation[16];
    unsigned int sum;
    long number;
    size_t size = zmq_msg_size(message);
    long long now = clock_ms(CLOCK_REALTIME);
    if (size < sizeof text) {
        memcpy(text, zmq_msg_data(message), size);
        text[size] = '\0';
        if (sscanf(text, MARK " %8x %63s %15s %ld", &sum, stream, incarnation, &number) == 4 &&
            sum == checksum(text + HEAD, size - HEAD)) {
            note("R %lld %s %s %ld %s", now, stream, incarnation, number,
                 zmq_msg_gets(message, "__fd"));
            return true;
        }
    }
    note("X %lld %zu bytes", now, size);
    return false;
}

static void pass_back(zmq_msg_t *frames, int count)
{
    for (int i = 0; i < count; i++)
        if (zmq_msg_send(&frames[i], agent.socket,
                         ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0)) < 0)
            zmq_msg_close(&frames[i]);
}

static void receive_all(void)
{
    for (;;) {
        zmq_msg_t frames[2];
        int count = 0, more = 1;
        for (; more && count < 2; count++) {
            zmq_msg_init(&frames[count]);
            if (zmq_msg_recv(&frames[count], agent.socket, ZMQ_DONTWAIT) < 0) {
                zmq_msg_close(&frames[count]);
                return;
            }
            more = zmq_msg_more(&frames[count]);
        }
        if (take(&frames[count - 1]) && agent.echoes) {
            pass_back(frames, count);
        } else {
            for (int i = 0; i < count; i++)
                zmq_msg_close(&frames[i]);
        }
        if (agent.outstanding > 0)
            agent.outstanding--;
    }
}

static void send_one(void)
{
    char what[ROOM], message[ROOM + HEAD];
    long number = agent.number + 1;
    int padding = number % 40 == 0 ? MOST_PADDING : (int)(number * 37 % 200);
    int size = snprintf(what, sizeof what, "%s %s %ld ", agent.name, agent.incarnation, number);
    memset(what + size, '.', (size_t)padding);
    size += padding;
    int head =
        snprintf(message, sizeof message, MARK " %08x ", (unsigned)checksum(what, (size_t)size));
    memcpy(message + head, what, (size_t)size);
    if (zmq_send(agent.socket, message, (size_t)head + (size_t)size, ZMQ_DONTWAIT) < 0)
        return;
    agent.number++;
    agent.outstanding++;
    note("S %ld", agent.number);
}

/* For an answer, before it may send again or connect anew. */
static bool waits(void)
{
    return agent.outstanding > 0 && (agent.type == ZMQ_REQ || again);
}

static void run(void)
{
    open_socket();
    int64_t due = clock_ms(CLOCK_MONOTONIC), last = due;
    while (!stopped) {
        zmq_pollitem_t item = {.socket = agent.socket, .events = ZMQ_POLLIN};
        int64_t left = due - clock_ms(CLOCK_MONOTONIC);
        if (!agent.sends || left > TICK_MS)
            left = TICK_MS;
        zmq_poll(&item, 1, left < 0 ? 0 : left);
        receive_all();
        int64_t now = clock_ms(CLOCK_MONOTONIC);
        bool gives_up = agent.patience && agent.type == ZMQ_REQ && now > last + agent.patience;
        if ((waits() && gives_up) || (again && !waits()))
            open_socket();
        if (silenced)
            agent.sends = false;
        if (agent.sends && now >= due) {
            due = now + agent.interval;
            if (!waits()) {
                last = now;
                send_one();
            }
        }
    }
    zmq_close(agent.socket);
    zmq_ctx_term(agent.context);
}

static void set_type(const char *kind)
{
    static const struct {
        const char *name;
        int type;
        bool sends, asks, echoes;
    } types[] = {
        {"PUSH", ZMQ_PUSH, true, false, false},    {"PULL", ZMQ_PULL, false, false, false},
        {"PUB", ZMQ_PUB, true, false, false},      {"SUB", ZMQ_SUB, false, false, false},
        {"REQ", ZMQ_REQ, true, true, false},       {"REP", ZMQ_REP, false, false, true},
        {"DEALER", ZMQ_DEALER, true, true, false}, {"ROUTER", ZMQ_ROUTER, false, false, true},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(kind, types[i].name) == 0) {
            agent.type = types[i].type;
            agent.sends = types[i].sends;
            agent.asks = types[i].asks;
            agent.echoes = types[i].echoes;
            return;
        }
    fail(kind);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr, "usage: stress_agent NAME INCARNATION LOG TYPE bind|connect RATE PATIENCE "
                        "ENDPOINT\n");
        return 2;
    }
    agent.name = argv[1];
    agent.incarnation = argv[2];
    agent.log = open(argv[3], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    set_type(argv[4]);
    agent.bind = strcmp(argv[5], "bind") == 0;
    agent.interval = (int64_t)(1000 / strtod(argv[6], NULL));
    agent.patience = strtol(argv[7], NULL, 10);
    agent.endpoint = argv[8];
    agent.context = zmq_ctx_new();
    const int signals[] = {SIGTERM, SIGUSR2, SIGHUP};
    for (int i = 0; i < 3; i++)
        sigaction(signals[i], &(struct sigaction){.sa_handler = handle}, NULL);
    run();
    return 0;
}
