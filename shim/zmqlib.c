#include "shim/zmqlib.h"

#include <stdio.h>
#include <string.h>

#include "shim/callers.h"
#include "shim/elf_object.h"
#include "shim/loaded.h"
#include "shim/locks.h"

static struct zmqlib copies[ZMQLIB_COPIES];
static size_t copy_count;

struct search {
    const void *address; /* of the call */
    struct elf_object caller;
    bool after_interpreter;
    int best;
    struct zmqlib found;
};

static bool is_copy(const struct elf_object *object)
{
    return !elf_object_contains(object, (const void *)(uintptr_t)&zmqlib_for_caller) &&
           elf_object_function(object, "zmq_ctx_new") != NULL &&
           elf_object_function(object, "zmq_setsockopt") != NULL;
}

static void fill(struct zmqlib *lib, const struct elf_object *object)
{
    const char *name;

    memset(lib, 0, sizeof *lib);
    lib->base = object->base;
    lib->start = object->start;
    lib->end = object->end;
    snprintf(lib->file, sizeof lib->file, "%s", object->name);
    name = strrchr(lib->file, '/');
    lib->alone = strncmp(name != NULL ? name + 1 : lib->file, "libzmq", 6) == 0;
#define X(result, name, parameters)                                                                \
    *(void **)(void *)&lib->name = elf_object_function(object, "zmq_" #name);
    ZMQLIB_FUNCTIONS(X)
#undef X
}

static void consider(struct search *search, const struct elf_object *object, int rank)
{
    if (rank <= search->best)
        return;
    search->best = rank;
    fill(&search->found, object);
}

/* The caller's GOT shows what it is bound to, by those functions that are not hooked. */
static void visit_import(void *argument, const char *name, void *value)
{
    struct search *search = argument;
    struct elf_object object;

    if (search->best == 0 && strncmp(name, "zmq_", 4) == 0 && loaded_at(&object, value) &&
        is_copy(&object) && elf_object_function(&object, name) == value)
        consider(search, &object, 4);
}

static void look_at_caller(struct search *search, const void *caller)
{
    memset(search, 0, sizeof *search);
    search->address = caller;
    if (loaded_at(&search->caller, caller))
        elf_object_imports(&search->caller, visit_import, search);
}

static bool is_interpreter(const struct elf_object *object)
{
    const char *soname = elf_object_soname(object);

    return soname != NULL && (strncmp(soname, "ld-", 3) == 0 || strncmp(soname, "ld.so", 5) == 0);
}

static bool find_copy(const struct elf_object *object, void *argument)
{
    struct search *search = argument;

    search->after_interpreter |= is_interpreter(object);
    if (!is_copy(object))
        return false;
    if (!search->after_interpreter)
        consider(search, object, 3); /* in the global scope since the program's start */
    else
        consider(search, object, elf_object_contains(object, search->address) ? 2 : 1);
    return false;
}

static void ask(struct zmqlib *lib)
{
    int major = 0, minor = 0, patch = 0;

    if (lib->version != NULL)
        lib->version(&major, &minor, &patch);
    lib->release = ZMQLIB_VERSION(major, minor, patch);
    lib->has_curve = lib->has != NULL && lib->has("curve") == 1 && lib->curve_public != NULL;
}

static const struct zmqlib *known(const struct zmqlib *found)
{
    for (size_t i = 0; i < copy_count; i++)
        if (copies[i].base == found->base && copies[i].ctx_new == found->ctx_new &&
            strcmp(copies[i].file, found->file) == 0)
            return &copies[i];
    return NULL;
}

static const struct zmqlib *keep(struct zmqlib *found)
{
    const struct zmqlib *lib;

    lock_take(LOCK_REGISTRY);
    lib = known(found);
    lock_drop(LOCK_REGISTRY);
    if (lib != NULL)
        return lib;
    ask(found);
    lock_take(LOCK_REGISTRY);
    lib = known(found);
    if (lib == NULL && copy_count < ZMQLIB_COPIES) {
        copies[copy_count] = *found;
        lib = &copies[copy_count];
        __atomic_store_n(&copy_count, copy_count + 1, __ATOMIC_RELEASE);
    }
    lock_drop(LOCK_REGISTRY);
    return lib;
}

const struct zmqlib *zmqlib_for_caller(const void *caller)
{
    const struct zmqlib *lib = callers_recall(caller);
    struct search search;

    if (lib != NULL)
        return lib;
    look_at_caller(&search, caller);
    if (search.best == 0)
        loaded_each(find_copy, &search);
    lib = search.best != 0 ? keep(&search.found) : NULL;
    if (lib != NULL)
        callers_remember(search.caller.start, search.caller.end, lib);
    return lib;
}

const struct zmqlib *zmqlib_of_caller(const void *caller)
{
    struct search search;

    look_at_caller(&search, caller);
    if (search.caller.dynamic != NULL && is_copy(&search.caller))
        consider(&search, &search.caller, 2);
    return search.best != 0 ? keep(&search.found) : NULL;
}

const struct zmqlib *zmqlib_at(const void *address)
{
    struct elf_object object;
    struct zmqlib found;

    if (!loaded_at(&object, address) || !is_copy(&object))
        return NULL;
    fill(&found, &object);
    return keep(&found);
}

const struct zmqlib *zmqlib_around(const void *address)
{
    /* The newest first: it may lie where one that was unloaded has been. */
    for (size_t i = __atomic_load_n(&copy_count, __ATOMIC_ACQUIRE); i > 0; i--)
        if ((uintptr_t)address >= copies[i - 1].start && (uintptr_t)address < copies[i - 1].end)
            return &copies[i - 1];
    return NULL;
}

bool zmqlib_contains(const void *address)
{
    return zmqlib_around(address) != NULL;
}

bool zmqlib_any(void)
{
    return __atomic_load_n(&copy_count, __ATOMIC_ACQUIRE) > 0;
}

const struct zmqlib *zmqlib_only(void)
{
    return __atomic_load_n(&copy_count, __ATOMIC_ACQUIRE) == 1 ? &copies[0] : NULL;
}

const struct zmqlib *zmqlib_copy(size_t number)
{
    return &copies[number];
}

size_t zmqlib_number(const struct zmqlib *lib)
{
    return (size_t)(lib - copies);
}

void *zmqlib_function(const struct zmqlib *lib, const char *name)
{
#define X(result, field, parameters)                                                               \
    if (strcmp(name, "zmq_" #field) == 0)                                                          \
        return *(void *const *)(const void *)&lib->field;
    ZMQLIB_FUNCTIONS(X)
#undef X
    return NULL;
}

bool zmqlib_caller_defines(const void *caller, const char *name)
{
    struct elf_object object;

    return loaded_at(&object, caller) && elf_object_function(&object, name) != NULL;
}

static bool is_any(const struct elf_object *object, void *argument)
{
    return *(bool *)argument = is_copy(object);
}

bool zmqlib_present(void)
{
    bool present = false;

    loaded_each(is_any, &present);
    return present;
}
