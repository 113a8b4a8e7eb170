#include "shim/connections.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim/observer.h"
#include "shim/table_room.h"
#include "shim/text.h"

struct entry {
    struct table_node node;
    struct connection connection;
};

static struct table entries; /* by descriptor: one for each number */
static uint64_t last_id;

static uint64_t hash_of(int fd)
{
    return table_hash(&fd, sizeof fd);
}

static struct entry *find(int fd)
{
    struct table_node *node = table_first(&entries, hash_of(fd));

    for (; node != NULL; node = table_next(node))
        if (table_owner(node, struct entry, node)->connection.fd == fd)
            return table_owner(node, struct entry, node);
    return NULL;
}

static struct entry *find_same(int fd, uint64_t id)
{
    struct entry *entry = find(fd);

    return entry != NULL && entry->connection.id == id ? entry : NULL;
}

/* Without the lock. */
static void forget(struct entry *entry)
{
    if (entry == NULL)
        return;
    if (entry->connection.domain[0] != '\0')
        bindings_release(entry->connection.domain);
    free(entry);
}

static bool is_open(const struct connection *connection)
{
    return connection->inode != 0 && observer_inode(connection->fd) == connection->inode;
}

uint64_t connections_accepted(int fd, ino_t inode, const char *address, unsigned port)
{
    struct entry *entry = calloc(1, sizeof *entry), *old;
    uint64_t id = 0;

    if (entry == NULL)
        return 0;
    entry->connection.fd = fd;
    entry->connection.inode = inode;
    entry->connection.since = (int64_t)time(NULL);
    entry->connection.accepted = observer_now();
    entry->connection.port = port;
    text_copy(entry->connection.address, address);
    table_make_room(&entries, LOCK_CONNECTIONS);
    lock_take(LOCK_CONNECTIONS);
    old = find(fd);
    if (old != NULL)
        table_remove(&entries, &old->node);
    if (table_add(&entries, &entry->node, hash_of(fd)) == 0)
        id = entry->connection.id = ++last_id;
    lock_drop(LOCK_CONNECTIONS);
    forget(old);
    if (id == 0)
        free(entry);
    return id;
}

bool connections_asked(int fd, uint64_t id, const uint8_t key[KEY_BYTES], const char *domain,
                       const char *address)
{
    struct entry *entry;

    bindings_hold(domain);
    lock_take(LOCK_CONNECTIONS);
    entry = find_same(fd, id);
    if (entry != NULL && entry->connection.domain[0] != '\0')
        entry = NULL; /* libzmq asks once */
    if (entry != NULL) {
        memcpy(entry->connection.key, key, KEY_BYTES);
        text_copy(entry->connection.domain, domain);
        text_copy(entry->connection.address, address);
        entry->connection.state = CONNECTION_ASKING;
    }
    lock_drop(LOCK_CONNECTIONS);
    if (entry == NULL)
        bindings_release(domain);
    return entry != NULL;
}

void connections_waits(int fd, uint64_t id)
{
    struct entry *entry;

    lock_take(LOCK_CONNECTIONS);
    entry = find_same(fd, id);
    if (entry != NULL)
        entry->connection.state = CONNECTION_WAITING;
    lock_drop(LOCK_CONNECTIONS);
}

void connections_decided(int fd, uint64_t id, bool allowed, const char *name)
{
    struct entry *entry;

    lock_take(LOCK_CONNECTIONS);
    entry = find_same(fd, id);
    if (entry != NULL) {
        entry->connection.state = allowed ? CONNECTION_LIVE : CONNECTION_REFUSED;
        entry->connection.decided = observer_now();
        text_copy(entry->connection.name, name);
    }
    lock_drop(LOCK_CONNECTIONS);
}

bool connections_find(int fd, struct connection *connection)
{
    struct entry *entry;

    lock_take(LOCK_CONNECTIONS);
    entry = find(fd);
    if (entry != NULL)
        *connection = entry->connection;
    lock_drop(LOCK_CONNECTIONS);
    return entry != NULL && is_open(connection);
}

/* Takes out a connection that has ended. */
static void drop(const struct connection *connection)
{
    struct entry *entry;

    lock_take(LOCK_CONNECTIONS);
    entry = find_same(connection->fd, connection->id);
    if (entry != NULL)
        table_remove(&entries, &entry->node);
    lock_drop(LOCK_CONNECTIONS);
    forget(entry);
}

/* Copies what there is room for; how many there are. */
static size_t copy_all(struct connection *list, size_t room)
{
    size_t bucket, count = 0;

    lock_take(LOCK_CONNECTIONS);
    for (struct table_node *node = NULL; (node = table_each(&entries, &bucket, node)) != NULL;
         count++)
        if (count < room)
            list[count] = table_owner(node, struct entry, node)->connection;
    lock_drop(LOCK_CONNECTIONS);
    return count;
}

struct connection *connections_list(size_t *count)
{
    struct connection *list = NULL;
    size_t room = copy_all(NULL, 0), found, kept = 0;

    for (;; room = found) {
        free(list);
        room += room / 8 + 4; /* some may come meanwhile */
        list = malloc(room * sizeof *list);
        *count = SIZE_MAX;
        if (list == NULL)
            return NULL;
        found = copy_all(list, room);
        if (found <= room)
            break;
    }
    for (size_t i = 0; i < found; i++)
        if (is_open(&list[i]))
            list[kept++] = list[i];
        else
            drop(&list[i]);
    *count = kept;
    if (kept > 0)
        return list;
    free(list);
    return NULL;
}

void connections_forked(void)
{
    size_t bucket;

    for (struct table_node *node = NULL; (node = table_each(&entries, &bucket, node)) != NULL;)
        table_owner(node, struct entry, node)->connection.inode = 0;
}
