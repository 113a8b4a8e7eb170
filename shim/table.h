#ifndef CURVESHIM_SHIM_TABLE_H
#define CURVESHIM_SHIM_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A chained hash table of nodes that are embedded in their owners' structures. It doubles as it
 * fills, so a look-up costs the same at any size. Pure; the caller locks. All zero is empty. */
struct table_node {
    struct table_node *next;
    uint64_t hash;
};

struct table {
    struct table_node **buckets; /* owned */
    size_t size;
    size_t count;
};

/* 64-bit FNV-1a with a finishing mix. */
uint64_t table_hash(const void *bytes, size_t length);

/* 0, or -1 when out of memory with an empty table (a full one only grows slower). */
int table_add(struct table *table, struct table_node *node, uint64_t hash);
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
