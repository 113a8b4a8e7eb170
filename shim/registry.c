#include "shim/registry.h"

#include <stdlib.h>
#include <unistd.h>

#include "shim/table_room.h"

static struct table contexts;
static size_t ending; /* that left the table, and have not ended yet */
static struct table sockets;

/* Changes with every entry that comes or goes, so that a thread's remembered answer ends. */
static unsigned long generation = 1;
static __thread __attribute__((tls_model("initial-exec"))) struct {
    void *address;
    const struct zmqlib *lib;
    unsigned long generation;
} last;

static void changed(void)
{
    __atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
}

static struct context *find_context(void *address)
{
    struct table_node *node = table_first(&contexts, table_hash_address(address));

    for (; node != NULL; node = table_next(node))
        if (table_owner(node, struct context, node)->address == address)
            return table_owner(node, struct context, node);
    return NULL;
}

static struct sock *find_socket(void *address)
{
    struct table_node *node = table_first(&sockets, table_hash_address(address));

    for (; node != NULL; node = table_next(node))
        if (table_owner(node, struct sock, node)->address == address)
            return table_owner(node, struct sock, node);
    return NULL;
}

/* Entries that lost their last reference, to be freed once the lock is dropped. */
struct dead {
    struct table_node *contexts;
    struct table_node *sockets;
};

static void push(struct table_node **list, struct table_node *node)
{
    node->next = *list;
    *list = node;
}

static void drop_context(struct dead *dead, struct context *context)
{
    if (--context->references == 0)
        push(&dead->contexts, &context->node);
}

static void drop_socket(struct dead *dead, struct sock *sock)
{
    if (--sock->references > 0)
        return;
    drop_context(dead, sock->context);
    push(&dead->sockets, &sock->node);
}

static void bury(const struct dead *dead)
{
    struct table_node *node, *next;

    for (node = dead->sockets; node != NULL; node = next) {
        struct sock *sock = table_owner(node, struct sock, node);

        next = node->next;
        pthread_mutex_destroy(&sock->latch);
        free(sock);
    }
    for (node = dead->contexts; node != NULL; node = next) {
        struct context *context = table_owner(node, struct context, node);

        next = node->next;
        pthread_mutex_destroy(&context->latch);
        free(context);
    }
}

struct context *registry_add_context(void *address, const struct zmqlib *lib)
{
    struct context *context = calloc(1, sizeof *context), *stale;
    struct dead dead = {NULL, NULL};

    if (context == NULL)
        return NULL;
    context->address = address;
    context->lib = lib;
    context->references = 1;
    context->pid = getpid();
    pthread_mutex_init(&context->latch, NULL);
    table_make_room(&contexts, LOCK_REGISTRY);
    lock_take(LOCK_REGISTRY);
    stale = find_context(address);
    if (stale != NULL) {
        table_remove(&contexts, &stale->node);
        drop_context(&dead, stale);
    }
    if (table_add(&contexts, &context->node, table_hash_address(address)) != 0) {
        drop_context(&dead, context);
        context = NULL;
    }
    lock_drop(LOCK_REGISTRY);
    bury(&dead);
    return context;
}

struct context *registry_context(void *address)
{
    struct context *context;

    lock_take(LOCK_REGISTRY);
    context = find_context(address);
    if (context != NULL)
        context->references++;
    lock_drop(LOCK_REGISTRY);
    return context;
}

struct context *registry_take_context(void *address)
{
    struct context *context;

    lock_take(LOCK_REGISTRY);
    context = find_context(address);
    if (context != NULL) {
        table_remove(&contexts, &context->node);
        ending++;
    }
    lock_drop(LOCK_REGISTRY);
    return context;
}

void registry_return_context(struct context *context)
{
    struct dead dead = {NULL, NULL};

    table_make_room(&contexts, LOCK_REGISTRY);
    lock_take(LOCK_REGISTRY);
    ending--;
    if (table_add(&contexts, &context->node, table_hash_address(context->address)) != 0)
        drop_context(&dead, context);
    lock_drop(LOCK_REGISTRY);
    bury(&dead);
}

void registry_end_context(struct context *context)
{
    lock_take(LOCK_REGISTRY);
    ending--;
    lock_drop(LOCK_REGISTRY);
    registry_release_context(context);
}

void registry_hold_context(struct context *context)
{
    lock_take(LOCK_REGISTRY);
    context->references++;
    lock_drop(LOCK_REGISTRY);
}

void registry_release_context(struct context *context)
{
    struct dead dead = {NULL, NULL};

    lock_take(LOCK_REGISTRY);
    drop_context(&dead, context);
    lock_drop(LOCK_REGISTRY);
    bury(&dead);
}

bool registry_has_contexts(void)
{
    bool any;

    lock_take(LOCK_REGISTRY);
    any = contexts.count > 0 || ending > 0;
    lock_drop(LOCK_REGISTRY);
    return any;
}

struct sock *registry_add_socket(void *address, struct context *context)
{
    struct sock *sock = calloc(1, sizeof *sock), *stale;
    struct dead dead = {NULL, NULL};

    if (sock == NULL)
        return NULL;
    sock->address = address;
    sock->context = context;
    sock->lib = context->lib;
    sock->references = 1;
    pthread_mutex_init(&sock->latch, NULL);
    table_make_room(&sockets, LOCK_REGISTRY);
    lock_take(LOCK_REGISTRY);
    context->references++;
    stale = find_socket(address);
    if (stale != NULL) {
        table_remove(&sockets, &stale->node);
        drop_socket(&dead, stale);
    }
    if (table_add(&sockets, &sock->node, table_hash_address(address)) != 0) {
        drop_socket(&dead, sock);
        sock = NULL;
    } else {
        context->sockets++;
    }
    changed();
    lock_drop(LOCK_REGISTRY);
    bury(&dead);
    return sock;
}

struct sock *registry_socket(void *address)
{
    struct sock *sock;

    lock_take(LOCK_REGISTRY);
    sock = find_socket(address);
    if (sock != NULL)
        sock->references++;
    lock_drop(LOCK_REGISTRY);
    return sock;
}

struct sock *registry_take_socket(void *address)
{
    struct sock *sock;

    lock_take(LOCK_REGISTRY);
    sock = find_socket(address);
    if (sock != NULL) {
        table_remove(&sockets, &sock->node);
        sock->context->sockets--;
        changed();
    }
    lock_drop(LOCK_REGISTRY);
    return sock;
}

void registry_release_socket(struct sock *sock)
{
    struct dead dead = {NULL, NULL};

    lock_take(LOCK_REGISTRY);
    drop_socket(&dead, sock);
    lock_drop(LOCK_REGISTRY);
    bury(&dead);
}

const struct zmqlib *registry_socket_lib(void *address)
{
    unsigned long now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    struct sock *sock;

    if (last.generation == now && last.address == address)
        return last.lib;
    lock_take(LOCK_REGISTRY);
    now = generation;
    sock = find_socket(address);
    last.lib = sock != NULL ? sock->lib : NULL;
    lock_drop(LOCK_REGISTRY);
    last.address = address;
    last.generation = now;
    return last.lib;
}

void registry_forked(void)
{
    size_t bucket;

    ending = 0; /* who ends one is a thread of the parent */
    for (struct table_node *node = NULL; (node = table_each(&contexts, &bucket, node)) != NULL;)
        pthread_mutex_init(&table_owner(node, struct context, node)->latch, NULL);
    for (struct table_node *node = NULL; (node = table_each(&sockets, &bucket, node)) != NULL;)
        pthread_mutex_init(&table_owner(node, struct sock, node)->latch, NULL);
}
