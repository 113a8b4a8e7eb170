#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "certs/fleet_endpoint.h"
#include "certs/fleet_map.h"

/* How well a bind answers a connect. */
enum score {
    SCORE_NONE,
    SCORE_PORT, /* it may: the port or path is right */
    SCORE_HOST, /* so is the host */
    SCORE_HERE, /* and it is the same machine */
};

struct best {
    enum score score;
    size_t agents; /* that have this score */
    size_t agent, bind;
};

/* ::ffff:0.0.0.0: IPv4 addresses are compared in the clothes of IPv6. */
static const unsigned char mapped[16] = {[10] = 0xff, [11] = 0xff};

/* The numeric address in a host, without brackets and zone; false for names. */
static bool numeric(const char *host, size_t length, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    const char *zone = memchr(host, '%', length);

    if (zone != NULL)
        length = (size_t)(zone - host);
    if (length >= sizeof text)
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    if (inet_pton(AF_INET6, text, address) == 1)
        return true;
    memcpy(address, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, &address->s6_addr[12]) == 1;
}

static bool is_wildcard(const struct fleet_endpoint *at)
{
    struct in6_addr address;

    if (at->host_length == 1 && at->host[0] == '*')
        return true;
    return numeric(at->host, at->host_length, &address) &&
           (IN6_IS_ADDR_UNSPECIFIED(&address) || memcmp(&address, mapped, sizeof mapped) == 0);
}

static bool lists(const char *addresses, const struct in6_addr *address)
{
    struct in6_addr one;

    while (*addresses != '\0') {
        size_t length = strcspn(addresses, " ");

        if (numeric(addresses, length, &one) && memcmp(&one, address, sizeof one) == 0)
            return true;
        addresses += length + strspn(addresses + length, " ");
    }
    return false;
}

/* The first label of a host's name. */
static size_t label(const char *name)
{
    return strcspn(name, ".");
}

static bool equals(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && strncasecmp(name, text, length) == 0;
}

/* Whether others may call this agent so. */
static bool is_called(const struct fleet_seen_agent *agent, const char *host, size_t length)
{
    const char *dot = memchr(host, '.', length);
    size_t first = dot != NULL ? (size_t)(dot - host) : length;

    if (equals(agent->service, host, first) || equals(agent->called, host, first) ||
        equals(agent->host, host, length))
        return true;
    return first > 0 && label(agent->host) == first && strncasecmp(agent->host, host, first) == 0;
}

static bool on_one_machine(const struct fleet_seen_agent *a, const struct fleet_seen_agent *b)
{
    return a->host[0] != '\0' && strcasecmp(a->host, b->host) == 0;
}

static enum score score_host(const struct fleet_seen_agent *from, const struct fleet_endpoint *to,
                             const struct fleet_seen_agent *listener,
                             const struct fleet_seen_call *bind, const struct fleet_endpoint *at)
{
    bool wildcard = is_wildcard(at), here = on_one_machine(from, listener), address_known;
    struct in6_addr wanted, bound;

    address_known = numeric(to->host, to->host_length, &wanted);
    if (address_known && !wildcard && numeric(at->host, at->host_length, &bound))
        return memcmp(&wanted, &bound, sizeof bound) != 0 ? SCORE_NONE
               : !fleet_endpoint_is_loopback(to)          ? here ? SCORE_HERE : SCORE_HOST
               : here                                     ? SCORE_HERE
                                                          : SCORE_PORT;
    if (fleet_endpoint_is_loopback(to))
        return !wildcard && !fleet_endpoint_is_loopback(at) ? SCORE_NONE
               : here                                       ? SCORE_HERE
                                                            : SCORE_PORT;
    if (fleet_endpoint_is_loopback(at))
        return SCORE_NONE;
    if (address_known ? lists(bind->addresses, &wanted)
                      : is_called(listener, to->host, to->host_length))
        return here ? SCORE_HERE : SCORE_HOST;
    return SCORE_PORT;
}

static enum score score(const struct fleet_seen_agent *from, const struct fleet_seen_call *connect,
                        const struct fleet_seen_agent *listener, const struct fleet_seen_call *bind)
{
    const char *where = bind->resolved[0] != '\0' ? bind->resolved : bind->endpoint;
    struct fleet_endpoint to, at;
    enum score found;

    if (fleet_endpoint_parse(&to, connect->endpoint, NULL) != 0 ||
        fleet_endpoint_parse(&at, bind->endpoint, NULL) != 0 ||
        fleet_endpoint_parse(&at, where, NULL) != 0 || to.transport != at.transport)
        return SCORE_NONE;
    if (to.transport == FLEET_IPC)
        found =
            strcmp(connect->endpoint, where) != 0 && strcmp(connect->endpoint, bind->endpoint) != 0
                ? SCORE_NONE
            : on_one_machine(from, listener) ? SCORE_HERE
                                             : SCORE_PORT;
    else
        found =
            strcmp(to.port, at.port) == 0 ? score_host(from, &to, listener, bind, &at) : SCORE_NONE;
    /* An agent rarely talks to itself: the port alone is no reason to believe it. */
    return from == listener && found == SCORE_PORT ? SCORE_NONE : found;
}

static void look_at_agent(const struct fleet_map *map, const struct fleet_seen_agent *from,
                          const struct fleet_seen_call *connect, size_t index, struct best *best)
{
    const struct fleet_seen_agent *listener = &map->agents[index];
    struct best own = {SCORE_NONE, 1, index, 0};

    for (size_t i = 0; i < listener->call_count; i++) {
        const struct fleet_seen_call *bind = &listener->calls[i];
        enum score found;

        if (bind->call != FLEET_BIND || bind->sort != FLEET_WANTED)
            continue;
        found = score(from, connect, listener, bind);
        if (found > own.score) {
            own.score = found;
            own.bind = i;
        }
    }
    if (own.score > best->score)
        *best = own;
    else if (own.score == best->score && own.score != SCORE_NONE)
        best->agents++;
}

void fleet_match(struct fleet_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < map->agents[i].call_count; j++) {
            struct fleet_seen_call *connect = &map->agents[i].calls[j];
            struct best best = {SCORE_NONE, 0, 0, 0};

            if (connect->call != FLEET_CONNECT || connect->sort != FLEET_WANTED)
                continue;
            for (size_t k = 0; k < map->count; k++)
                look_at_agent(map, &map->agents[i], connect, k, &best);
            connect->agent = best.agent;
            connect->bind = best.bind;
            connect->others = best.agents;
            connect->sight = best.agents != 1           ? FLEET_UNSEEN
                             : best.score == SCORE_PORT ? FLEET_PORT_ONLY
                                                        : FLEET_SEEN;
        }
}
