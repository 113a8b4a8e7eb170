#include "shim/enforced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/locks.h"
#include "shim/sockopt.h"

struct entry {
    struct entry *next;
    const struct sock *sock;
    const struct context *context;
    char domain[BINDING_OWN_DOMAIN];
};

static struct entry *entries; /* LOCK_BINDINGS */

static bool is_noted(const struct sock *sock, const char *domain)
{
    const struct entry *entry = entries;

    while (entry != NULL && (entry->sock != sock || strcmp(entry->domain, domain) != 0))
        entry = entry->next;
    return entry != NULL;
}

void enforced_note(struct sock *sock)
{
    struct entry *entry = malloc(sizeof *entry);
    bool enforced;

    if (entry == NULL)
        return;
    sockopt_own_domain(sock, entry->domain, &enforced);
    if (enforced && entry->domain[0] != '\0') {
        entry->sock = sock;
        entry->context = sock->context;
        lock_take(LOCK_BINDINGS);
        if (!is_noted(sock, entry->domain)) {
            entry->next = entries;
            entries = entry;
            sock->enforces = true;
            entry = NULL;
        }
        lock_drop(LOCK_BINDINGS);
    }
    free(entry);
}

void enforced_closed(struct sock *sock)
{
    struct entry *removed = NULL;

    lock_take(LOCK_BINDINGS);
    for (struct entry **at = &entries; *at != NULL;) {
        struct entry *entry = *at;

        if (entry->sock != sock) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        entry->next = removed;
        removed = entry;
    }
    lock_drop(LOCK_BINDINGS);
    while (removed != NULL) {
        struct entry *next = removed->next;

        free(removed);
        removed = next;
    }
}

bool enforced_has(const struct context *context, const char *domain)
{
    const struct entry *entry;

    lock_take(LOCK_BINDINGS);
    entry = entries;
    while (entry != NULL && (entry->context != context || strcmp(entry->domain, domain) != 0))
        entry = entry->next;
    lock_drop(LOCK_BINDINGS);
    return entry != NULL;
}
