#ifndef CURVESHIM_SHIM_TABLE_H
#define CURVESHIM_SHIM_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A chained hash table of nodes that are embedded in their owners' structures. Pure; the caller
 * locks, and sees to it that the table doubles as it fills (table_make_room), so that a look-up
 * costs the same at any size. All zero is empty. */
struct table_node {
    struct table_node *next;
    struct table_node **at; /* what points here; NULL: it is in no table */
    uint64_t hash;
};

struct table {
    struct table_node **buckets; /* owned */
    size_t size;
    size_t count;
};

/* 64-bit FNV-1a with a finishing mix. */
uint64_t table_hash(const void *bytes, size_t length);
/* Of an address, not of what lies there. */
uint64_t table_hash_address(const void *address);

/* How many buckets it ought to have for one node more; 0: it has them. */
size_t table_wants(const struct table *table);

/* Gives it size buckets (zeroed, a power of two) instead of its own, which are returned: to be
 * freed without the lock. */
struct table_node **table_rehash(struct table *table, struct table_node **buckets, size_t size);

/* 0, or -1 where it has no buckets at all (with too few it only gets slower). Never allocates. */
int table_add(struct table *table, struct table_node *node, uint64_t hash);
/* Costs the same however many have that hash. Of a node that is all zero, or was taken out before,
 * nothing. */
void table_remove(struct table *table, struct table_node *node);

/* The nodes with that hash, one after the other; NULL after the last. */
struct table_node *table_first(const struct table *table, uint64_t hash);
struct table_node *table_next(const struct table_node *node);

/* Every node: start with last NULL, then pass what was returned. The next node must be asked for
 * before the last one is removed. */
struct table_node *table_each(const struct table *table, size_t *bucket, struct table_node *last);

void table_free(struct table *table);

#define table_owner(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
