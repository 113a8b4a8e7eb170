#include "shim/routes.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "shim/locks.h"
#include "shim/table_room.h"
#include "shim/text.h"
#include "shim/wire_peer.h"

struct entry {
    struct table_node by_place;
    struct table_node by_socket;
    const void *socket;
    uint64_t host;
    char key[KEY_Z85 + 1];
    bool server;
    size_t source; /* where it begins in text */
    char text[];   /* endpoint, source */
};

/* LOCK_ROUTES */
static struct table places;
static struct table sockets;
static bool used; /* there have been entries */

static __thread __attribute__((tls_model("initial-exec"))) struct {
    uint64_t host;
    struct in6_addr address; /* IPv4 in its first bytes */
    sa_family_t family;
} resolved;

static uint64_t place(bool server, uint64_t host, uint64_t port)
{
    uint64_t parts[3] = {host, port, server};

    return table_hash(parts, sizeof parts) | 1;
}

/* The host of "tcp://[source;]host:port", without brackets; *port points behind the colon. */
static const char *host_of(const char *endpoint, size_t *length, const char **port)
{
    const char *source = strchr(endpoint, ';'), *host = source != NULL ? source + 1 : endpoint + 6;
    const char *colon = strrchr(host, ':');

    *length = colon != NULL ? (size_t)(colon - host) : strlen(host);
    *port = colon != NULL ? colon + 1 : "";
    if (*length >= 2 && host[0] == '[' && host[*length - 1] == ']') {
        host++;
        *length -= 2;
    }
    return host;
}

/* Of the host, or of the path. */
static uint64_t hash_place(const char *endpoint, uint64_t *port)
{
    size_t length = strlen(endpoint);
    const char *digits, *host = endpoint;

    *port = 1 << 16;
    if (strncmp(endpoint, "tcp://", 6) == 0) {
        host = host_of(endpoint, &length, &digits);
        *port = strtoul(digits, NULL, 10);
    }
    return table_hash(host, length);
}

uint64_t routes_key(bool server, const char *endpoint)
{
    uint64_t port, host = hash_place(endpoint, &port);

    return place(server, host, port);
}

/* The address that a lookup is compared by; NULL for families without one. */
static const void *host_part(const struct sockaddr *address, size_t *size, unsigned *port)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;

        *size = sizeof in->sin_addr;
        *port = ntohs(in->sin_port);
        return &in->sin_addr;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;

        *size = sizeof in6->sin6_addr;
        *port = ntohs(in6->sin6_port);
        return &in6->sin6_addr;
    }
    return NULL;
}

void routes_resolved(const char *host, const struct sockaddr *first)
{
    size_t size;
    unsigned port;
    const void *part = first != NULL ? host_part(first, &size, &port) : NULL;

    resolved.host = 0;
    if (part == NULL)
        return;
    resolved.host = table_hash(host, strlen(host));
    resolved.family = first->sa_family;
    memcpy(&resolved.address, part, size);
}

uint64_t routes_key_connected(const struct sockaddr *address, socklen_t length)
{
    char text[WIRE_PEER_TEXT];
    size_t size;
    unsigned port;
    const void *part = host_part(address, &size, &port);

    if (part != NULL && resolved.host != 0 && resolved.family == address->sa_family &&
        memcmp(&resolved.address, part, size) == 0)
        return place(false, resolved.host, port);
    return wire_peer_text(text, address, length) ? routes_key(false, text) : 0;
}

static struct entry *entry_new(const void *socket, const struct route *route, const char *where)
{
    size_t endpoint = strlen(route->endpoint) + 1, source = strlen(route->source) + 1;
    struct entry *entry = calloc(1, sizeof *entry + endpoint + source);
    uint64_t port;

    if (entry == NULL)
        return NULL;
    entry->socket = socket;
    entry->host = hash_place(where, &port);
    text_copy(entry->key, route->key);
    entry->server = route->server;
    entry->source = endpoint;
    memcpy(entry->text, route->endpoint, endpoint);
    memcpy(entry->text + endpoint, route->source, source);
    return entry;
}

/* The socket's route to that place. One socket may lead to many places, and many sockets to one:
 * whichever are fewer are looked through. */
static struct entry *find(const void *socket, uint64_t key)
{
    struct table_node *here = table_first(&places, key);
    struct table_node *ours = table_first(&sockets, table_hash_address(socket));

    for (; here != NULL && ours != NULL; here = table_next(here), ours = table_next(ours)) {
        struct entry *one = table_owner(here, struct entry, by_place);
        struct entry *other = table_owner(ours, struct entry, by_socket);

        if (one->socket == socket)
            return one;
        if (other->socket == socket && other->by_place.hash == key)
            return other;
    }
    return NULL;
}

static void take_out(struct entry *entry)
{
    table_remove(&places, &entry->by_place);
    table_remove(&sockets, &entry->by_socket);
}

static bool put_in(struct entry *entry, uint64_t key)
{
    if (table_add(&places, &entry->by_place, key) == 0 &&
        table_add(&sockets, &entry->by_socket, table_hash_address(entry->socket)) == 0)
        return true;
    take_out(entry);
    return false;
}

void routes_add(const void *socket, const struct route *route, const char *where)
{
    struct entry *entry = entry_new(socket, route, where), *old;
    uint64_t key = routes_key(route->server, where);

    if (entry == NULL)
        return;
    table_make_room(&places, LOCK_ROUTES);
    table_make_room(&sockets, LOCK_ROUTES);
    __atomic_store_n(&used, true, __ATOMIC_RELAXED);
    lock_take(LOCK_ROUTES);
    old = find(socket, key);
    if (old != NULL)
        take_out(old);
    if (put_in(entry, key))
        entry = NULL;
    lock_drop(LOCK_ROUTES);
    free(old);
    free(entry);
}

void routes_forget(const void *socket, const char *endpoint)
{
    struct table_node *node, *next, *removed = NULL;
    uint64_t bound = endpoint != NULL ? routes_key(true, endpoint) : 0;

    lock_take(LOCK_ROUTES);
    for (node = table_first(&sockets, table_hash_address(socket)); node != NULL; node = next) {
        struct entry *entry = table_owner(node, struct entry, by_socket);

        next = table_next(node);
        if (entry->socket != socket || (endpoint != NULL && entry->by_place.hash != bound &&
                                        strcmp(entry->text, endpoint) != 0))
            continue;
        take_out(entry);
        node->next = removed;
        removed = node;
    }
    lock_drop(LOCK_ROUTES);
    for (; removed != NULL; removed = next) {
        next = removed->next;
        free(table_owner(removed, struct entry, by_socket));
    }
}

static void tell(struct route *route, const struct entry *entry)
{
    route->server = entry->server;
    text_copy(route->key, entry->key);
    text_copy(route->endpoint, entry->text);
    text_copy(route->source, entry->text + entry->source);
}

bool routes_find(struct route *route, uint64_t key)
{
    struct table_node *node;

    lock_take(LOCK_ROUTES);
    node = table_first(&places, key);
    if (node != NULL)
        tell(route, table_owner(node, struct entry, by_place));
    lock_drop(LOCK_ROUTES);
    return node != NULL;
}

bool routes_has(uint64_t key)
{
    bool has;

    if (key == 0 || !__atomic_load_n(&used, __ATOMIC_RELAXED))
        return false;
    lock_take(LOCK_ROUTES);
    has = table_first(&places, key) != NULL;
    lock_drop(LOCK_ROUTES);
    return has;
}

bool routes_find_host(struct route *route, const char *host)
{
    uint64_t hash = table_hash(host, strlen(host));
    struct table_node *node;
    size_t bucket;

    lock_take(LOCK_ROUTES);
    for (node = table_each(&places, &bucket, NULL); node != NULL;
         node = table_each(&places, &bucket, node)) {
        const struct entry *entry = table_owner(node, struct entry, by_place);

        if (!entry->server && entry->host == hash) {
            tell(route, entry);
            break;
        }
    }
    lock_drop(LOCK_ROUTES);
    return node != NULL;
}

static bool find_listener_of_any(struct route *route, const char *any, const char *port)
{
    char text[32] = "";
    char *at = text_put(text, text + sizeof text, any);

    (void)text_put_some(at, text + sizeof text, port, 8);
    return routes_find(route, routes_key(true, text));
}

bool routes_find_listener(struct route *route, const char *local)
{
    const char *port = strrchr(local, ':');

    if (routes_find(route, routes_key(true, local)))
        return true;
    if (strncmp(local, "tcp://", 6) != 0 || port == NULL)
        return false;
    return find_listener_of_any(route, "tcp://0.0.0.0", port) ||
           find_listener_of_any(route, "tcp://::", port);
}
