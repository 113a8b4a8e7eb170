#include "shim/observer_slot.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "shim/observer.h"

#define PIECE 512

static struct slot *pieces[OBSERVER_TABLE / PIECE];
static int highest = -1;

struct slot *slot_if_any(int fd)
{
    struct slot *piece;

    if (fd < 0 || fd >= OBSERVER_TABLE)
        return NULL;
    piece = __atomic_load_n(&pieces[fd / PIECE], __ATOMIC_ACQUIRE);
    return piece != NULL ? &piece[fd % PIECE] : NULL;
}

static void raise_highest(int fd)
{
    int seen = __atomic_load_n(&highest, __ATOMIC_RELAXED);

    while (seen < fd && !__atomic_compare_exchange_n(&highest, &seen, fd, false, __ATOMIC_RELAXED,
                                                     __ATOMIC_RELAXED))
        ;
}

struct slot *slot_of(int fd)
{
    struct slot *slot = slot_if_any(fd), *expected = NULL;
    const size_t size = PIECE * sizeof(struct slot);
    void *piece;

    if (fd < 0 || fd >= OBSERVER_TABLE)
        return NULL;
    raise_highest(fd);
    if (slot != NULL)
        return slot;
    piece = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
    if (piece == MAP_FAILED)
        return NULL;
    if (!__atomic_compare_exchange_n(&pieces[fd / PIECE], &expected, piece, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        munmap(piece, size);
    return slot_if_any(fd);
}

void slot_set(struct slot *slot, const struct slot *value)
{
    const size_t own = offsetof(struct slot, began);

    __atomic_store_n(&slot->life, 0, __ATOMIC_RELAXED);
    /* Nobody may take what follows for what belongs to the former life. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&slot->moved, value->moved, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->inode, value->inode, __ATOMIC_RELAXED);
    memcpy((char *)slot + own, (const char *)value + own, sizeof *slot - own);
}

void slot_clear(struct slot *slot)
{
    static const struct slot nothing;

    slot_set(slot, &nothing);
}

int slot_highest(void)
{
    return __atomic_load_n(&highest, __ATOMIC_RELAXED);
}
