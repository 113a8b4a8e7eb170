#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>

#include "shim/hooks.h"
#include "shim/loaded.h"
#include "shim/next_function.h"
#include "shim/secret_pages.h"
#include "shim/state.h"
#include "shim/zmqlib.h"

/* libsodium's, for whoever calls them: what libzmq asks for has pages of its own. */
void *sodium_malloc(size_t size);
void *sodium_allocarray(size_t count, size_t size);
void sodium_free(void *memory);

/* Of the libsodium that the program was started with, if any: then it is everybody's. */
static void *(*started_with_malloc)(size_t);
static void *(*started_with_allocarray)(size_t, size_t);
static void (*started_with_free)(void *);

/* What a thread's last call from the same place was meant for, as long as nothing is loaded or
 * unloaded: either may be elsewhere by then. */
struct answer {
    const void *caller;
    void *found;
    unsigned long long changes;
};
static __thread __attribute__((tls_model("initial-exec"))) struct answer last_malloc,
    last_allocarray, last_free;

struct search {
    struct elf_object caller;
    const char *name;
    void *found;
    int best;
};

/* Of several copies of libsodium the one in the caller itself, or that it names. */
static bool look(const struct elf_object *object, void *argument)
{
    struct search *search = argument;
    void *found = elf_object_function(object, search->name);
    const char *soname;
    int rank = 1;

    if (found == NULL || elf_object_contains(object, (const void *)(uintptr_t)&look))
        return false;
    soname = elf_object_soname(object);
    if (search->caller.dynamic != NULL && object->dynamic == search->caller.dynamic)
        rank = 3;
    else if (search->caller.dynamic != NULL && soname != NULL &&
             elf_object_needs(&search->caller, soname))
        rank = 2;
    if (rank > search->best) {
        search->best = rank;
        search->found = found;
    }
    return rank == 3;
}

static int note_changes(struct dl_phdr_info *info, size_t size, void *changes)
{
    (void)size;
    *(unsigned long long *)changes = info->dlpi_adds + info->dlpi_subs;
    return 1;
}

static void *find(struct answer *last, const void *caller, const char *name)
{
    const bool forked = loaded_forked(); /* the linker's lock may be held for ever there */
    struct search search = {.name = name};
    unsigned long long changes = 0;

    if (!forked)
        dl_iterate_phdr(note_changes, &changes);
    if (!forked && last->caller == caller && last->changes == changes)
        return last->found;
    if (!loaded_at(&search.caller, caller))
        search.caller.dynamic = NULL;
    loaded_each(look, &search);
    last->found = search.found;
    last->changes = changes;
    last->caller = caller;
    return search.found;
}

/* NULL where it is libsodium's business. */
static void *take(size_t count, size_t size, const void *caller)
{
    const struct zmqlib *lib = zmqlib_around(caller);

    /* A program that libzmq is linked into may call libsodium itself, and give what it got to other
     * functions of libsodium, which look in front of it. */
    if (state_config()->mode != CONFIG_ON || lib == NULL || !lib->alone ||
        (size > 0 && count > SIZE_MAX / size))
        return NULL;
    return secret_pages_take(count * size);
}

EXPORT void *sodium_malloc(size_t size)
{
    void *(*real)(size_t) = started_with_malloc;
    void *memory = take(1, size, CALLER);

    if (memory != NULL)
        return memory;
    if (real == NULL)
        *(void **)(void *)&real = find(&last_malloc, CALLER, "sodium_malloc");
    if (real != NULL)
        return real(size);
    errno = ENOSYS;
    return NULL;
}

EXPORT void *sodium_allocarray(size_t count, size_t size)
{
    void *(*real)(size_t, size_t) = started_with_allocarray;
    void *memory = take(count, size, CALLER);

    if (memory != NULL)
        return memory;
    if (real == NULL)
        *(void **)(void *)&real = find(&last_allocarray, CALLER, "sodium_allocarray");
    if (real != NULL)
        return real(count, size);
    errno = ENOSYS;
    return NULL;
}

EXPORT void sodium_free(void *memory)
{
    void (*real)(void *) = started_with_free;

    if (memory == NULL || secret_pages_give(memory))
        return;
    if (real == NULL)
        *(void **)(void *)&real = find(&last_free, CALLER, "sodium_free");
    if (real != NULL)
        real(memory);
}

void hooks_secret_resolve(void)
{
    /* To look in vain takes longest, and most programs have none. */
    *(void **)(void *)&started_with_free = next_function("sodium_free");
    if (started_with_free == NULL)
        return;
    *(void **)(void *)&started_with_malloc = next_function("sodium_malloc");
    *(void **)(void *)&started_with_allocarray = next_function("sodium_allocarray");
}
