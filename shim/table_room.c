#include "shim/table_room.h"

#include <stdlib.h>

void table_make_room(struct table *table, enum lock lock)
{
    struct table_node **buckets;
    size_t size;

    lock_take(lock);
    size = table_wants(table);
    lock_drop(lock);
    if (size == 0)
        return;
    buckets = calloc(size, sizeof(struct table_node *));
    if (buckets == NULL)
        return;
    lock_take(lock);
    if (size > table->size)
        buckets = table_rehash(table, buckets, size);
    lock_drop(lock);
    free(buckets);
}
