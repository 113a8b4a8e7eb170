#include "shim/table.h"

#include <stdlib.h>

uint64_t table_hash(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

uint64_t table_hash_address(const void *address)
{
    return table_hash(&address, sizeof address);
}

size_t table_wants(const struct table *table)
{
    if (table->count < table->size)
        return 0;
    return table->size == 0 ? 16 : table->size * 2;
}

static void put_first(struct table_node **bucket, struct table_node *node)
{
    node->next = *bucket;
    node->at = bucket;
    if (node->next != NULL)
        node->next->at = &node->next;
    *bucket = node;
}

struct table_node **table_rehash(struct table *table, struct table_node **buckets, size_t size)
{
    struct table_node **old = table->buckets;

    for (size_t i = 0; i < table->size; i++)
        for (struct table_node *node = old[i], *next; node != NULL; node = next) {
            next = node->next;
            put_first(&buckets[node->hash & (size - 1)], node);
        }
    table->buckets = buckets;
    table->size = size;
    return old;
}

int table_add(struct table *table, struct table_node *node, uint64_t hash)
{
    node->at = NULL;
    if (table->size == 0)
        return -1;
    node->hash = hash;
    put_first(&table->buckets[hash & (table->size - 1)], node);
    table->count++;
    return 0;
}

void table_remove(struct table *table, struct table_node *node)
{
    if (node->at == NULL)
        return;
    *node->at = node->next;
    if (node->next != NULL)
        node->next->at = node->at;
    node->at = NULL;
    table->count--;
}

static struct table_node *same(struct table_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

struct table_node *table_first(const struct table *table, uint64_t hash)
{
    return table->size == 0 ? NULL : same(table->buckets[hash & (table->size - 1)], hash);
}

struct table_node *table_next(const struct table_node *node)
{
    return same(node->next, node->hash);
}

struct table_node *table_each(const struct table *table, size_t *bucket, struct table_node *last)
{
    if (last == NULL)
        *bucket = 0;
    else if (last->next != NULL)
        return last->next;
    else
        ++*bucket;
    for (; *bucket < table->size; ++*bucket)
        if (table->buckets[*bucket] != NULL)
            return table->buckets[*bucket];
    return NULL;
}

void table_free(struct table *table)
{
    free(table->buckets);
    table->buckets = NULL;
    table->size = table->count = 0;
}
