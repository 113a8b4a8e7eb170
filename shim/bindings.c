#include "shim/bindings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim/locks.h"
#include "shim/table_room.h"

#define DOMAIN_PREFIX "curveshim-"

struct entry {
    struct table_node by_domain;
    struct table_node by_socket; /* while it is open */
    char domain[BINDING_DOMAIN];
    void *socket; /* NULL: closed, kept for the connections that hold it */
    unsigned holds;
    struct binding binding;
};

/* LOCK_BINDINGS */
static struct table domains;
static struct table sockets;
static unsigned long counter;

static struct entry *find(const char *domain)
{
    struct table_node *node = table_first(&domains, table_hash(domain, strlen(domain)));

    for (; node != NULL; node = table_next(node))
        if (strcmp(table_owner(node, struct entry, by_domain)->domain, domain) == 0)
            return table_owner(node, struct entry, by_domain);
    return NULL;
}

/* True if nobody holds it and it was taken out. */
static bool close_entry(struct entry *entry)
{
    entry->socket = NULL;
    table_remove(&sockets, &entry->by_socket);
    if (entry->holds > 0)
        return false;
    table_remove(&domains, &entry->by_domain);
    return true;
}

int bindings_add(char domain[BINDING_DOMAIN], void *socket, const char *endpoint, bool req)
{
    struct entry *entry = calloc(1, sizeof *entry);
    int result;

    if (entry == NULL)
        return -1;
    entry->socket = socket;
    snprintf(entry->binding.endpoint, sizeof entry->binding.endpoint, "%s", endpoint);
    entry->binding.pending = true;
    entry->binding.ipc = strncmp(endpoint, "ipc://", 6) == 0;
    entry->binding.req = req;
    table_make_room(&domains, LOCK_BINDINGS);
    table_make_room(&sockets, LOCK_BINDINGS);
    lock_take(LOCK_BINDINGS);
    snprintf(entry->domain, sizeof entry->domain, DOMAIN_PREFIX "%lu", ++counter);
    strcpy(domain, entry->domain);
    result = table_add(&domains, &entry->by_domain, table_hash(domain, strlen(domain)));
    if (result == 0 &&
        (result = table_add(&sockets, &entry->by_socket, table_hash_address(socket))) != 0)
        table_remove(&domains, &entry->by_domain);
    lock_drop(LOCK_BINDINGS);
    if (result != 0)
        free(entry);
    return result;
}

void bindings_rotated(const char *domain, bool older)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL)
        entry->binding.key = older ? BINDING_OLDER_KEY : BINDING_NEWER_KEY;
    lock_drop(LOCK_BINDINGS);
}

void bindings_own_domain(const char *domain, const char *own_domain, bool enforced)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL) {
        snprintf(entry->binding.own_domain, sizeof entry->binding.own_domain, "%s", own_domain);
        entry->binding.enforced = enforced;
    }
    lock_drop(LOCK_BINDINGS);
}

void bindings_ready(const char *domain, const char *resolved)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL) {
        snprintf(entry->binding.resolved, sizeof entry->binding.resolved, "%s", resolved);
        entry->binding.pending = false;
    }
    lock_drop(LOCK_BINDINGS);
}

void bindings_remove(const char *domain)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL && !close_entry(entry))
        entry = NULL;
    lock_drop(LOCK_BINDINGS);
    free(entry);
}

static void remove_matching(void *socket, const char *endpoint)
{
    struct table_node *node, *next, *removed = NULL;

    lock_take(LOCK_BINDINGS);
    for (node = table_first(&sockets, table_hash_address(socket)); node != NULL; node = next) {
        struct entry *entry = table_owner(node, struct entry, by_socket);

        next = table_next(node);
        if (entry->socket != socket ||
            (endpoint != NULL && strcmp(entry->binding.endpoint, endpoint) != 0 &&
             strcmp(entry->binding.resolved, endpoint) != 0) ||
            !close_entry(entry))
            continue;
        node->next = removed;
        removed = node;
    }
    lock_drop(LOCK_BINDINGS);
    for (; removed != NULL; removed = next) {
        next = removed->next;
        free(table_owner(removed, struct entry, by_socket));
    }
}

void bindings_unbound(void *socket, const char *endpoint)
{
    remove_matching(socket, endpoint);
}

void bindings_closed(void *socket)
{
    remove_matching(socket, NULL);
}

bool bindings_is_domain(const char *domain)
{
    return strncmp(domain, DOMAIN_PREFIX, strlen(DOMAIN_PREFIX)) == 0;
}

bool bindings_find(const char *domain, struct binding *binding)
{
    static const struct timespec moment = {0, 1000000};

    for (int tries = 200;; tries--) {
        struct entry *entry;

        lock_take(LOCK_BINDINGS);
        entry = find(domain);
        if (entry != NULL && entry->socket == NULL)
            entry = NULL;
        if (entry != NULL)
            *binding = entry->binding;
        lock_drop(LOCK_BINDINGS);
        if (entry == NULL)
            return false;
        if (!binding->pending || tries == 0)
            return true;
        nanosleep(&moment, NULL);
    }
}

void bindings_hold(const char *domain)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL)
        entry->holds++;
    lock_drop(LOCK_BINDINGS);
}

void bindings_release(const char *domain)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL && (--entry->holds > 0 || entry->socket != NULL || !close_entry(entry)))
        entry = NULL;
    lock_drop(LOCK_BINDINGS);
    free(entry);
}

bool bindings_recall(const char *domain, struct binding *binding)
{
    struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = find(domain);
    if (entry != NULL)
        *binding = entry->binding;
    lock_drop(LOCK_BINDINGS);
    return entry != NULL;
}
