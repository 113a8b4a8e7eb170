/* A plain ZeroMQ agent: it sends and receives, and knows nothing of security. */
#include "agent_options.h"
#include "agent_output.h"
#include "agent_patterns.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { COMPLETE = 0, WRONG_USAGE = 2, NOTHING = 3, REFUSED = 4, PART = 5 };
enum { LAST_LINGER_MS = 1000 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* Without SA_RESTART, so that libzmq's blocking calls return EINTR. */
static void stop_on(int number)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(number, &action, NULL);
}

static int attach(const struct options *options, void *socket)
{
    const char *call = options->bind ? "bind" : "connect";
    const char *endpoint = options->bind ? options->bind : options->connect;
    int rc = options->bind ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint);
    if (rc < 0) {
        emit_refusal(zmq_errno(), call, endpoint);
        return -1;
    }
    if (options->bind) {
        char last[512];
        size_t size = sizeof last;
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, last, &size);
        emit_text("endpoint", last, strlen(last));
    }
    return 0;
}

/* Deliver what is still queued. False when time ran out before the peer took it. */
static bool close_all(const struct agent *agent, void *context, bool complete)
{
    int linger = complete && agent_sends_last(agent) ? agent_remaining(agent) : 0;
    if (linger < 0)
        linger = LAST_LINGER_MS;
    zmq_setsockopt(agent->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_close(agent->socket);
    int64_t before = agent_clock();
    while (zmq_ctx_term(context) < 0 && zmq_errno() == EINTR)
        ;
    return linger == 0 || agent_clock() - before < linger;
}

static int run(struct agent *agent, void *context)
{
    if (attach(agent->options, agent->socket) < 0) {
        close_all(agent, context, false);
        return REFUSED;
    }
    bool complete = agent_work(agent) == 0;
    if (!complete && zmq_errno() == EINTR)
        complete = agent->options->count == 0 || agent->type == ZMQ_PUB;
    bool delivered = close_all(agent, context, complete);
    if (complete && delivered)
        return COMPLETE;
    return agent->received ? PART : NOTHING;
}

int main(int argc, char **argv)
{
    struct options options = options_parse(argc, argv);
    int type = pattern_socket_type(&options);
    if (type < 0) {
        fprintf(stderr, "agent: there is no pattern '%s'\n", options.pattern);
        return WRONG_USAGE;
    }
    void *context = zmq_ctx_new();
    struct agent agent = {.options = &options,
                          .socket = zmq_socket(context, type),
                          .type = type,
                          .stopped = &stopped};
    if (!agent.socket) {
        perror("agent: zmq_socket");
        return WRONG_USAGE;
    }
    int on = 1;
    if (options.ipv6)
        zmq_setsockopt(agent.socket, ZMQ_IPV6, &on, sizeof on);
    if (type == ZMQ_SUB)
        zmq_setsockopt(agent.socket, ZMQ_SUBSCRIBE, "", 0);
    if (options.timeout > 0)
        agent.deadline = agent_clock() + (int64_t)(options.timeout * 1000);
    stop_on(SIGINT);
    stop_on(SIGTERM);
    return run(&agent, context);
}
