#include "certs/fleet_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certs/fleet_endpoint.h"

#define FAIL(fleet, line, error, format, ...)                                                      \
    cert_fail(error, EINVAL, "%s:%u: " format, (fleet)->file, line, __VA_ARGS__)

/* The best that an agent's binds offer to a connect. */
static enum fleet_fit best_fit(const struct fleet_agent *listener,
                               const struct fleet_connect *connect)
{
    enum fleet_fit best = FLEET_FIT_NONE;

    for (size_t i = 0; i < listener->bind_count; i++) {
        enum fleet_fit fit = fleet_endpoint_fit(connect->endpoint, listener->binds[i].endpoint);

        if (fit > best)
            best = fit;
    }
    return best;
}

/* Whether a connect goes to this bind of its listener. */
static bool goes_to(const struct fleet_agent *listener, const struct fleet_connect *connect,
                    const struct fleet_bind *bind)
{
    if (connect->bind != NULL)
        return strcmp(connect->bind, bind->endpoint) == 0;
    return fleet_endpoint_fit(connect->endpoint, bind->endpoint) == best_fit(listener, connect);
}

static const struct fleet_bind *find_bind(const struct fleet_agent *agent, const char *endpoint)
{
    for (size_t i = 0; i < agent->bind_count; i++)
        if (strcmp(agent->binds[i].endpoint, endpoint) == 0)
            return &agent->binds[i];
    return NULL;
}

static int check_bind(const struct fleet *fleet, const struct fleet_agent *listener,
                      const struct fleet_connect *connect, struct cert_error *error)
{
    if (connect->bind != NULL) {
        if (find_bind(listener, connect->bind) != NULL)
            return 0;
        return FAIL(fleet, connect->line, error,
                    "%s does not bind %s: write one of the endpoints in its section, on line %u",
                    listener->name, connect->bind, listener->line);
    }
    if (best_fit(listener, connect) != FLEET_FIT_NONE)
        return 0;
    if (listener->bind_count == 0)
        return FAIL(fleet, connect->line, error,
                    "%s binds nothing: add a bind to its section, on line %u", listener->name,
                    listener->line);
    return FAIL(fleet, connect->line, error,
                "%s does not bind what %s connects to: add that bind to its section, on line %u, "
                "or say which one is meant: 'connect %s %s %s'",
                listener->name, connect->endpoint, listener->line, listener->name,
                connect->endpoint, listener->binds[0].endpoint);
}

struct candidates {
    size_t count, first;
};

static struct candidates who(const struct fleet *fleet, const struct fleet_connect *connect,
                             enum fleet_fit least)
{
    struct candidates found = {0, 0};

    for (size_t i = fleet->count; i-- > 0;)
        if (best_fit(&fleet->agents[i], connect) >= least) {
            found.first = i;
            found.count++;
        }
    return found;
}

static int fail_unknown(const struct fleet *fleet, const struct fleet_connect *connect,
                        const struct fleet_endpoint *endpoint, struct cert_error *error)
{
    struct candidates candidates = who(fleet, connect, FLEET_FIT_PORT);
    const char *name = candidates.count == 1 ? fleet->agents[candidates.first].name : "AGENT";

    if (endpoint->transport == FLEET_IPC)
        return FAIL(fleet, connect->line, error,
                    "%s: %s it: say which agent is meant: 'connect AGENT %s'", connect->endpoint,
                    who(fleet, connect, FLEET_FIT_SAME).count == 0 ? "no agent binds"
                                                                   : "more than one agent binds",
                    connect->endpoint);
    return FAIL(fleet, connect->line, error,
                "no agent is called '%.*s': say which one %s belongs to: 'connect %s %s'",
                (int)endpoint->host_length, endpoint->host, connect->endpoint, name,
                connect->endpoint);
}

/* The agent that an endpoint tells by itself: by its host, or because just one binds the same. */
static int derive(const struct fleet *fleet, struct fleet_connect *connect,
                  struct cert_error *error)
{
    struct fleet_endpoint endpoint;
    struct candidates same;

    if (fleet_endpoint_parse(&endpoint, connect->endpoint, error) != 0)
        return -1;
    for (connect->listener = 0; connect->listener < fleet->count; connect->listener++)
        if (fleet_endpoint_host_is(&endpoint, fleet->agents[connect->listener].name))
            return 0;
    same = who(fleet, connect, FLEET_FIT_SAME);
    connect->listener = same.first;
    return same.count == 1 ? 0 : fail_unknown(fleet, connect, &endpoint, error);
}

static int plan_connect(const struct fleet *fleet, struct fleet_connect *connect,
                        struct cert_error *error)
{
    const struct fleet_agent *listener;

    if (connect->agent == NULL) {
        if (derive(fleet, connect, error) != 0)
            return -1;
    } else if ((listener = fleet_find(fleet, connect->agent)) != NULL) {
        connect->listener = (size_t)(listener - fleet->agents);
    } else {
        return FAIL(fleet, connect->line, error, "there is no agent [%s]: add its section",
                    connect->agent);
    }
    return check_bind(fleet, &fleet->agents[connect->listener], connect, error);
}

int fleet_plan(struct fleet *fleet, struct cert_error *error)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct fleet_agent *agent = &fleet->agents[i];

        if (agent->bind_count + agent->connect_count == 0)
            return FAIL(fleet, agent->line, error,
                        "[%s] binds nothing and connects to nothing: add what it does, or take it "
                        "out",
                        agent->name);
        for (size_t j = 0; j < agent->connect_count; j++)
            if (plan_connect(fleet, &agent->connects[j], error) != 0)
                return -1;
    }
    return 0;
}

static bool is_used(const struct fleet *fleet, size_t listener, const struct fleet_bind *bind,
                    const struct fleet_agent *client)
{
    for (size_t i = 0; i < client->connect_count; i++)
        if (client->connects[i].listener == listener &&
            goes_to(&fleet->agents[listener], &client->connects[i], bind))
            return true;
    return false;
}

char *fleet_endpoints(const struct fleet *fleet, size_t listener, size_t client)
{
    const struct fleet_agent *agent = &fleet->agents[listener];
    size_t room = 1;
    char *list;

    for (size_t i = 0; i < agent->bind_count; i++)
        room += strlen(agent->binds[i].endpoint) + 1;
    list = calloc(1, room);
    for (size_t i = 0; list != NULL && i < agent->bind_count; i++) {
        if (!is_used(fleet, listener, &agent->binds[i], &fleet->agents[client]))
            continue;
        if (list[0] != '\0')
            strcat(list, " ");
        strcat(list, agent->binds[i].endpoint);
    }
    return list;
}
