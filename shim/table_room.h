#ifndef CURVESHIM_SHIM_TABLE_ROOM_H
#define CURVESHIM_SHIM_TABLE_ROOM_H

#include "shim/locks.h"
#include "shim/table.h"

/* Makes room in a table for one node more. Takes the lock that guards it, which the caller must
 * not hold, but never while it allocates: an allocator may wait for a fork that waits for the lock.
 * Out of memory shows in table_add. Thread-safe. */
void table_make_room(struct table *table, enum lock lock);

#endif
