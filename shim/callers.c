#include "shim/callers.h"

#include "shim/loaded.h"
#include "shim/locks.h"

#define CALLERS 16 /* what is met after so many is searched for as ever */

static struct {
    uintptr_t start, end;
    const struct zmqlib *lib;
} callers[CALLERS];
static size_t count;

/* Locked. */
static size_t find(uintptr_t address)
{
    size_t at = 0;

    while (at < count && (address < callers[at].start || address >= callers[at].end))
        at++;
    return at;
}

void callers_remember(uintptr_t start, uintptr_t end, const struct zmqlib *lib)
{
    size_t at;

    if (start >= end)
        return;
    lock_take(LOCK_REGISTRY);
    at = find(start);
    if (at < CALLERS) {
        callers[at].start = start;
        callers[at].end = end;
        callers[at].lib = lib;
        if (at == count)
            count++;
    }
    lock_drop(LOCK_REGISTRY);
}

const struct zmqlib *callers_recall(const void *caller)
{
    const struct zmqlib *lib = NULL;
    size_t at;

    if (!loaded_forked())
        return NULL;
    lock_take(LOCK_REGISTRY);
    at = find((uintptr_t)caller);
    if (at < count)
        lib = callers[at].lib;
    lock_drop(LOCK_REGISTRY);
    return lib;
}
