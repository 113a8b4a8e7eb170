#include "certs/fleet_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certs/grow.h"

static void free_agent(struct fleet_seen_agent *agent)
{
    for (size_t i = 0; i < agent->call_count; i++) {
        free(agent->calls[i].endpoint);
        free(agent->calls[i].resolved);
        free(agent->calls[i].addresses);
        free(agent->calls[i].reason);
        free(agent->calls[i].word);
    }
    free(agent->calls);
    free(agent->pids);
    free(agent->source);
    free(agent->service);
    free(agent->host);
    free(agent->program);
    free(agent->script);
    free(agent->unit);
    free(agent->name);
}

void fleet_map_free(struct fleet_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        free_agent(&map->agents[i]);
    free(map->agents);
    memset(map, 0, sizeof *map);
}

static bool same_but_for_host(const struct fleet_seen_agent *a, const struct fleet_seen_agent *b)
{
    return strcmp(a->script, b->script) == 0 && strcmp(a->program, b->program) == 0 &&
           strcmp(a->unit, b->unit) == 0 && strcmp(a->service, b->service) == 0 &&
           strcmp(a->source, b->source) == 0;
}

/* Docker's name for a container, another one each time it is made: "3f2a9c81d0b7". */
static bool is_made_up(const char *host)
{
    return strlen(host) == 12 && host[strspn(host, "0123456789abcdef")] == '\0';
}

/* Processes in a container share the certificates that are mounted there: they are one agent, and
 * so are the containers of one service. */
static bool is_of(const struct fleet_seen_agent *agent, const char *source,
                  const struct fleet_event *event)
{
    if (event->service[0] != '\0')
        return strcmp(agent->service, event->service) == 0;
    return agent->service[0] == '\0' && strcmp(agent->source, source) == 0 &&
           strcmp(agent->host, event->host) == 0 &&
           (agent->made_up_host ||
            (strcmp(agent->script, event->script) == 0 && strcmp(agent->unit, event->unit) == 0 &&
             strcmp(agent->program, event->program) == 0));
}

static struct fleet_seen_agent *add_agent(struct fleet_map *map, const char *source,
                                          const struct fleet_event *event, struct cert_error *error)
{
    struct fleet_seen_agent *agent = NULL;

    if (map->count == FLEET_MAP_AGENTS)
        cert_fail(error, E2BIG,
                  "%s: there are more than %d agents in the logs: map fewer at a time", source,
                  FLEET_MAP_AGENTS);
    else if ((agent = GROW(map->agents, map->count)) == NULL)
        cert_fail(error, ENOMEM, "out of memory");
    if (agent == NULL)
        return NULL;
    agent->source = strdup(source);
    agent->service = strdup(event->service);
    agent->host = strdup(event->host);
    agent->program = strdup(event->program);
    agent->script = strdup(event->script);
    agent->unit = strdup(event->unit);
    agent->made_up_host = is_made_up(event->host);
    if (agent->source != NULL && agent->service != NULL && agent->host != NULL &&
        agent->program != NULL && agent->script != NULL && agent->unit != NULL)
        return agent;
    cert_fail(error, ENOMEM, "out of memory");
    return NULL;
}

static int add_pid(struct fleet_seen_agent *agent, long pid, struct cert_error *error)
{
    long *new;

    for (size_t i = agent->pid_count; i-- > 0;)
        if (agent->pids[i] == pid)
            return 0;
    if (agent->pid_count == FLEET_MAP_CALLS)
        return 0; /* it is only a number to show */
    if ((new = GROW(agent->pids, agent->pid_count)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    *new = pid;
    return 0;
}

static bool is_same_call(const struct fleet_seen_call *call, enum fleet_call kind,
                         enum fleet_sort sort, const char *endpoint, const char *resolved)
{
    return call->call == kind && call->sort == sort && strcmp(call->endpoint, endpoint) == 0 &&
           strcmp(call->resolved, resolved) == 0;
}

static int add_call(struct fleet_seen_agent *agent, const struct fleet_event *event,
                    struct cert_error *error)
{
    struct fleet_seen_call *call;

    for (size_t i = 0; i < agent->call_count; i++)
        if (is_same_call(&agent->calls[i], event->call, event->sort, event->endpoint,
                         event->resolved))
            return 0;
    if (agent->call_count == FLEET_MAP_CALLS)
        return cert_fail(error, E2BIG,
                         "%s: %.60s has more than %d endpoints there: map fewer logs at a time",
                         agent->source, agent->program, FLEET_MAP_CALLS);
    if ((call = GROW(agent->calls, agent->call_count)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    call->call = event->call;
    call->sort = event->sort;
    call->pid = event->pid;
    call->endpoint = strdup(event->endpoint);
    call->resolved = strdup(event->resolved);
    call->addresses = strdup(event->addresses);
    call->reason = strdup(event->reason);
    if (call->endpoint != NULL && call->resolved != NULL && call->addresses != NULL &&
        call->reason != NULL)
        return 0;
    return cert_fail(error, ENOMEM, "out of memory");
}

int fleet_map_add(struct fleet_map *map, const char *source, const struct fleet_event *event,
                  struct cert_error *error)
{
    struct fleet_seen_agent *agent = NULL;

    /* Lines of one agent come together. */
    for (size_t i = map->count; agent == NULL && i-- > 0;)
        if (is_of(&map->agents[i], source, event))
            agent = &map->agents[i];
    if (agent == NULL && (agent = add_agent(map, source, event, error)) == NULL)
        return -1;
    if (add_pid(agent, event->pid, error) != 0)
        return -1;
    return add_call(agent, event, error);
}

static bool has_endpoint(const struct fleet_seen_agent *agent, const struct fleet_seen_call *call)
{
    for (size_t i = 0; i < agent->call_count; i++)
        if (agent->calls[i].call == call->call && agent->calls[i].sort == call->sort &&
            strcmp(agent->calls[i].endpoint, call->endpoint) == 0)
            return true;
    return false;
}

static bool have_the_same_endpoints(const struct fleet_seen_agent *a,
                                    const struct fleet_seen_agent *b)
{
    for (size_t i = 0; i < a->call_count; i++)
        if (!has_endpoint(b, &a->calls[i]))
            return false;
    for (size_t i = 0; i < b->call_count; i++)
        if (!has_endpoint(a, &b->calls[i]))
            return false;
    return true;
}

/* Moves the calls and pids of from to agent, as far as there is memory and room: the endpoints are
 * the same, so that nothing but where binds listened can be lost. */
static void absorb(struct fleet_seen_agent *agent, struct fleet_seen_agent *from)
{
    for (size_t i = 0; i < from->call_count; i++) {
        struct fleet_seen_call *call = &from->calls[i];
        const struct fleet_event event = {.call = call->call,
                                          .sort = call->sort,
                                          .pid = call->pid,
                                          .endpoint = call->endpoint,
                                          .resolved = call->resolved,
                                          .addresses = call->addresses,
                                          .reason = call->reason};

        (void)add_call(agent, &event, NULL);
    }
    for (size_t i = 0; i < from->pid_count; i++)
        (void)add_pid(agent, from->pids[i], NULL);
}

static void remove_agent(struct fleet_map *map, size_t index)
{
    free_agent(&map->agents[index]);
    memmove(&map->agents[index], &map->agents[index + 1],
            (map->count - index - 1) * sizeof *map->agents);
    map->count--;
}

static bool shares_its_log(const struct fleet_map *map, size_t index)
{
    for (size_t i = 0; i < map->count; i++)
        if (i != index && strcmp(map->agents[i].source, map->agents[index].source) == 0)
            return true;
    return false;
}

void fleet_map_finish(struct fleet_map *map)
{
    bool several = false;

    for (size_t i = 0; i < map->count; i++)
        for (size_t j = map->count; j-- > i + 1;) {
            struct fleet_seen_agent *agent = &map->agents[i], *other = &map->agents[j];

            if (agent->made_up_host && other->made_up_host && same_but_for_host(agent, other) &&
                have_the_same_endpoints(agent, other)) {
                absorb(agent, other);
                remove_agent(map, j);
            }
        }
    for (size_t i = 0; i < map->count; i++) {
        map->agents[i].alone = map->count > 1 && !shares_its_log(map, i);
        several |= strcmp(map->agents[i].source, map->agents[0].source) != 0;
    }
    for (size_t i = 0; i < map->count; i++)
        map->agents[i].one_of_logs = several;
    for (size_t i = 0; i < map->count; i++)
        fleet_name(map->agents[i].called, &map->agents[i]);
}
