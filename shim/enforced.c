#include "shim/enforced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/sockopt.h"
#include "shim/table_room.h"

struct entry {
    struct table_node by_sock;
    struct table_node by_domain; /* and context */
    const struct sock *sock;
    const struct context *context;
    char domain[BINDING_OWN_DOMAIN];
};

/* LOCK_BINDINGS */
static struct table socks;
static struct table domains;

static uint64_t hash_domain(const struct context *context, const char *domain)
{
    return table_hash_address(context) ^ table_hash(domain, strlen(domain));
}

static struct entry *noted(const struct sock *sock, const char *domain)
{
    struct table_node *node = table_first(&socks, table_hash_address(sock));

    for (; node != NULL; node = table_next(node)) {
        struct entry *entry = table_owner(node, struct entry, by_sock);

        if (entry->sock == sock && strcmp(entry->domain, domain) == 0)
            return entry;
    }
    return NULL;
}

static void take_out(struct entry *entry)
{
    table_remove(&socks, &entry->by_sock);
    table_remove(&domains, &entry->by_domain);
}

static bool put_in(struct entry *entry)
{
    if (table_add(&socks, &entry->by_sock, table_hash_address(entry->sock)) == 0 &&
        table_add(&domains, &entry->by_domain, hash_domain(entry->context, entry->domain)) == 0)
        return true;
    take_out(entry);
    return false;
}

int enforced_note(struct sock *sock)
{
    char domain[BINDING_OWN_DOMAIN];
    struct entry *entry;
    bool enforced, is_in, is_new = false;

    if (sockopt_own_domain(sock, domain, &enforced) != 0)
        return -1;
    if (!enforced)
        return 0;
    if ((entry = calloc(1, sizeof *entry)) == NULL)
        return -1;
    memcpy(entry->domain, domain, sizeof domain);
    entry->sock = sock;
    entry->context = sock->context;
    table_make_room(&socks, LOCK_BINDINGS);
    table_make_room(&domains, LOCK_BINDINGS);
    lock_take(LOCK_BINDINGS);
    is_in = noted(sock, domain) != NULL;
    if (!is_in)
        is_in = is_new = put_in(entry);
    lock_drop(LOCK_BINDINGS);
    if (is_new)
        sock->enforces = true;
    else
        free(entry);
    if (is_in)
        return is_new;
    errno = ENOMEM;
    return -1;
}

int enforced_unknown(const struct zmqlib *lib, void *socket)
{
    char domain[BINDING_OWN_DOMAIN];
    bool enforced;

    if (sockopt_domain(lib, socket, domain, &enforced) != 0)
        return -1;
    if (!enforced)
        return 0;
    errno = ENOMEM;
    return -1;
}

void enforced_failed(struct sock *sock)
{
    char domain[BINDING_OWN_DOMAIN];
    struct entry *entry;
    bool enforced;

    (void)sockopt_own_domain(sock, domain, &enforced);
    lock_take(LOCK_BINDINGS);
    if ((entry = noted(sock, domain)) != NULL)
        take_out(entry);
    lock_drop(LOCK_BINDINGS);
    free(entry);
}

void enforced_closed(struct sock *sock)
{
    struct table_node *node, *next, *removed = NULL;

    lock_take(LOCK_BINDINGS);
    for (node = table_first(&socks, table_hash_address(sock)); node != NULL; node = next) {
        struct entry *entry = table_owner(node, struct entry, by_sock);

        next = table_next(node);
        if (entry->sock != sock)
            continue;
        take_out(entry);
        node->next = removed;
        removed = node;
    }
    lock_drop(LOCK_BINDINGS);
    for (; removed != NULL; removed = next) {
        next = removed->next;
        free(table_owner(removed, struct entry, by_sock));
    }
}

bool enforced_has(const struct context *context, const char *domain)
{
    struct table_node *node;
    bool has = false;

    lock_take(LOCK_BINDINGS);
    for (node = table_first(&domains, hash_domain(context, domain)); node != NULL && !has;
         node = table_next(node)) {
        const struct entry *entry = table_owner(node, struct entry, by_domain);

        has = entry->context == context && strcmp(entry->domain, domain) == 0;
    }
    lock_drop(LOCK_BINDINGS);
    return has;
}
