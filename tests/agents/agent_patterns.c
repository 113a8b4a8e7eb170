#include "agent_patterns.h"

#include "agent_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { MAX_PARTS = 4, MAX_PART = 4096, REPEAT_MS = 50, SLICE_MS = 200 };

struct part {
    size_t size;
    char data[MAX_PART];
};

struct message {
    int parts;
    struct part part[MAX_PARTS];
};

static const struct {
    const char *name;
    int server, client;
} patterns[] = {
    {"req-rep", ZMQ_REP, ZMQ_REQ},     {"pub-sub", ZMQ_PUB, ZMQ_SUB},
    {"push-pull", ZMQ_PULL, ZMQ_PUSH}, {"router-dealer", ZMQ_ROUTER, ZMQ_DEALER},
    {"pair", ZMQ_PAIR, ZMQ_PAIR},      {"xpub-xsub", ZMQ_XPUB, ZMQ_XSUB},
};

int pattern_socket_type(const struct options *options)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (strcmp(options->pattern, patterns[i].name) == 0)
            return options->server ? patterns[i].server : patterns[i].client;
    return -1;
}

int64_t agent_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int agent_remaining(const struct agent *agent)
{
    if (!agent->deadline)
        return -1;
    int64_t left = agent->deadline - agent_clock();
    return left > 0 ? (int)left : 0;
}

bool agent_sends_last(const struct agent *agent)
{
    switch (agent->type) {
    case ZMQ_REP:
    case ZMQ_ROUTER:
    case ZMQ_PUSH:
    case ZMQ_XPUB:
        return true;
    default:
        return agent->type == ZMQ_PAIR && agent->options->server;
    }
}

/* Waits in slices: a signal that comes just before libzmq begins to wait would else be slept
 * through. False with EINTR when the agent is told to stop. */
static bool begin_slice(struct agent *agent, int option, bool *last)
{
    int left = agent_remaining(agent);
    *last = left >= 0 && left <= SLICE_MS;
    int wait = *last ? left : SLICE_MS;
    zmq_setsockopt(agent->socket, option, &wait, sizeof wait);
    if (!*agent->stopped)
        return true;
    errno = EINTR;
    return false;
}

static int send_part(struct agent *agent, const void *data, size_t size, int flags)
{
    bool last = false;
    while (begin_slice(agent, ZMQ_SNDTIMEO, &last)) {
        if (zmq_send(agent->socket, data, size, flags) >= 0)
            return 0;
        if (zmq_errno() != EAGAIN || last)
            return -1;
    }
    return -1;
}

/* The size of the part, which may be more than was kept of it. */
static int receive_part(struct agent *agent, struct part *part)
{
    bool last = false;
    while (begin_slice(agent, ZMQ_RCVTIMEO, &last)) {
        int size = zmq_recv(agent->socket, part->data, sizeof part->data, 0);
        if (size >= 0 || zmq_errno() != EAGAIN || last)
            return size;
    }
    return -1;
}

static int send_numbered(struct agent *agent, long number)
{
    char text[MAX_PART];
    int size = snprintf(text, sizeof text, "%s %ld", agent->options->payload, number);
    return send_part(agent, text, (size_t)size, 0);
}

static int receive(struct agent *agent, struct message *message)
{
    int more = 1;
    size_t more_size = sizeof more;
    for (message->parts = 0; more && message->parts < MAX_PARTS; message->parts++) {
        struct part *part = &message->part[message->parts];
        int size = receive_part(agent, part);
        if (size < 0)
            return -1;
        part->size = (size_t)size < sizeof part->data ? (size_t)size : sizeof part->data;
        zmq_getsockopt(agent->socket, ZMQ_RCVMORE, &more, &more_size);
    }
    return 0;
}

static void note(struct agent *agent, const struct part *part)
{
    agent->received++;
    emit_text("received", part->data, part->size);
}

static int receive_and_note(struct agent *agent)
{
    struct message message;
    if (receive(agent, &message) < 0)
        return -1;
    note(agent, &message.part[message.parts - 1]);
    return 0;
}

static long last_number(const struct agent *agent)
{
    return agent->options->count ? agent->options->count : __LONG_MAX__;
}

static int answer(struct agent *agent)
{
    struct message message;
    if (receive(agent, &message) < 0)
        return -1;
    const struct part *last = &message.part[message.parts - 1];
    note(agent, last);
    for (int i = 0; i < message.parts - 1; i++)
        if (send_part(agent, message.part[i].data, message.part[i].size, ZMQ_SNDMORE) < 0)
            return -1;
    char text[2 * MAX_PART];
    int size = snprintf(text, sizeof text, "%.*s to %.*s", MAX_PART - 8, agent->options->payload,
                        (int)last->size, last->data);
    return send_part(agent, text, (size_t)size, 0);
}

static int echo(struct agent *agent)
{
    for (long number = 1; number <= last_number(agent); number++)
        if (answer(agent) < 0)
            return -1;
    return 0;
}

static int ask(struct agent *agent)
{
    for (long number = 1; number <= last_number(agent); number++)
        if (send_numbered(agent, number) < 0 || receive_and_note(agent) < 0)
            return -1;
    return 0;
}

static int push(struct agent *agent)
{
    for (long number = 1; number <= last_number(agent); number++)
        if (send_numbered(agent, number) < 0)
            return -1;
    return 0;
}

static int pull(struct agent *agent)
{
    for (long number = 1; number <= last_number(agent); number++)
        if (receive_and_note(agent) < 0)
            return -1;
    return 0;
}

/* A publisher can't see when its subscriber is there, so it begins again and again. */
static int publish(struct agent *agent)
{
    long count = agent->options->count ? agent->options->count : DEFAULT_COUNT;
    for (;;) {
        for (long number = 1; number <= count; number++)
            if (send_numbered(agent, number) < 0)
                return -1;
        int left = agent_remaining(agent);
        if (left == 0)
            return 0;
        zmq_pollitem_t item = {.socket = agent->socket, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, left < 0 || left > REPEAT_MS ? REPEAT_MS : left) < 0)
            return -1;
    }
}

static int subscribe(struct agent *agent)
{
    struct message message;
    const struct part *first = &message.part[0];
    do {
        if (receive(agent, &message) < 0)
            return -1;
    } while (first->size < 2 || memcmp(first->data + first->size - 2, " 1", 2) != 0);
    note(agent, first);
    for (long number = 2; number <= last_number(agent); number++)
        if (receive_and_note(agent) < 0)
            return -1;
    return 0;
}

static int publish_when_subscribed(struct agent *agent)
{
    struct message message;
    if (receive(agent, &message) < 0)
        return -1;
    agent->received++;
    const struct part *first = &message.part[0];
    emit_text("subscription", first->data + 1, first->size ? first->size - 1 : 0);
    return push(agent);
}

static int subscribe_by_message(struct agent *agent)
{
    return send_part(agent, "\x01", 1, 0) < 0 ? -1 : pull(agent);
}

int agent_work(struct agent *agent)
{
    switch (agent->type) {
    case ZMQ_REP:
    case ZMQ_ROUTER:
        return echo(agent);
    case ZMQ_REQ:
    case ZMQ_DEALER:
        return ask(agent);
    case ZMQ_PULL:
        return pull(agent);
    case ZMQ_PUSH:
        return push(agent);
    case ZMQ_PUB:
        return publish(agent);
    case ZMQ_SUB:
        return subscribe(agent);
    case ZMQ_XPUB:
        return publish_when_subscribed(agent);
    case ZMQ_XSUB:
        return subscribe_by_message(agent);
    default:
        return agent->options->server ? echo(agent) : ask(agent);
    }
}
