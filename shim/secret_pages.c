#include "shim/secret_pages.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "certs/wipe.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define UNSET 0xdb /* as libsodium has it: what was not written does not look like zero */

/* Each page between two that nobody can access. Never unmapped. */
static char *region;
static uint32_t taken; /* a bit for each page */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static char *make(void)
{
    const size_t size = (2 * SECRET_PAGES + 1) * page_size();
    char *mapped = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *made = NULL;

    if (mapped == MAP_FAILED)
        return NULL;
    (void)madvise(mapped, size, MADV_DONTDUMP);
    (void)madvise(mapped, size, MADV_WIPEONFORK);
    if (__atomic_compare_exchange_n(&region, &made, mapped, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return mapped;
    munmap(mapped, size);
    return made;
}

static int claim(void)
{
    uint32_t seen = __atomic_load_n(&taken, __ATOMIC_RELAXED);
    int number;

    do {
        number = __builtin_ctz(~seen);
        if (number >= SECRET_PAGES)
            return -1;
    } while (!__atomic_compare_exchange_n(&taken, &seen, seen | 1u << number, false,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return number;
}

static void release(size_t number)
{
    __atomic_fetch_and(&taken, ~(1u << number), __ATOMIC_RELEASE);
}

static char *open_page(char *from, int number, size_t size)
{
    char *page = from + (2 * (size_t)number + 1) * size;

    if (mprotect(page, size, PROT_READ | PROT_WRITE) != 0) {
        release((size_t)number);
        return NULL;
    }
    /* Each time: forked children have it without its lock, and munlockall takes it. */
    (void)mlock(page, size);
    return page;
}

void *secret_pages_take(size_t size)
{
    const size_t room = page_size();
    char *from = __atomic_load_n(&region, __ATOMIC_ACQUIRE), *page = NULL;
    int saved = errno, number;

    if (size == 0 || size > room)
        return NULL;
    if (from == NULL)
        from = make();
    number = from != NULL ? claim() : -1;
    if (number >= 0)
        page = open_page(from, number, room);
    errno = saved;
    return page != NULL ? memset(page + room - size, UNSET, size) : NULL;
}

bool secret_pages_give(void *memory)
{
    const size_t size = page_size();
    char *from = __atomic_load_n(&region, __ATOMIC_ACQUIRE), *page;
    uintptr_t offset = (uintptr_t)memory - (uintptr_t)from;
    int saved = errno;

    if (from == NULL || offset >= (2 * SECRET_PAGES + 1) * size)
        return false;
    page = from + offset / size * size;
    wipe(page, size);
    (void)mprotect(page, size, PROT_NONE);
    release(offset / size / 2);
    errno = saved;
    return true;
}
