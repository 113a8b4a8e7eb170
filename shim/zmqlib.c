#include "shim/zmqlib.h"

#include <stdio.h>
#include <string.h>

#include "shim/callers.h"
#include "shim/elf_object.h"
#include "shim/locks.h"

#define IMPORTS 6

static struct zmqlib copies[ZMQLIB_COPIES];
static size_t copy_count;

/* Functions of libzmq that the caller's GOT is bound to; hooked ones are bound to this library and
 * say nothing. */
struct import {
    char name[48];
    void *value;
};

struct search {
    const void *caller;
    uintptr_t caller_start, caller_end; /* the object that it lies in */
    size_t import_count;
    struct import imports[IMPORTS];
    bool after_interpreter;
    int best;
    struct zmqlib found;
};

static void note_import(void *argument, const char *name, void *value)
{
    struct search *search = argument;
    struct import *import = &search->imports[search->import_count];

    if (search->import_count == IMPORTS || strncmp(name, "zmq_", 4) != 0 ||
        strlen(name) >= sizeof import->name)
        return;
    strcpy(import->name, name);
    import->value = value;
    search->import_count++;
}

static bool is_self(const struct elf_object *object)
{
    return elf_object_contains(object, (const void *)(uintptr_t)&zmqlib_for_caller);
}

static int find_caller(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    struct elf_object object;

    (void)size;
    if (!elf_object_read(&object, info) || !elf_object_contains(&object, search->caller))
        return 0;
    search->caller_start = object.start;
    search->caller_end = object.end;
    elf_object_imports(&object, note_import, search);
    return 1;
}

static bool import_matches(const struct search *search, const struct elf_object *object)
{
    for (size_t i = 0; i < search->import_count; i++)
        if (elf_object_contains(object, search->imports[i].value) &&
            elf_object_function(object, search->imports[i].name) == search->imports[i].value)
            return true;
    return false;
}

static int rank(const struct search *search, const struct elf_object *object)
{
    if (import_matches(search, object))
        return 4;
    if (!search->after_interpreter)
        return 3; /* in the global scope since the program's start */
    if (elf_object_contains(object, search->caller))
        return 2;
    return 1;
}

static void fill(struct zmqlib *lib, const struct elf_object *object)
{
    memset(lib, 0, sizeof *lib);
    lib->base = object->base;
    lib->start = object->start;
    lib->end = object->end;
    snprintf(lib->file, sizeof lib->file, "%s", object->name);
#define X(result, name, parameters)                                                                \
    *(void **)(void *)&lib->name = elf_object_function(object, "zmq_" #name);
    ZMQLIB_FUNCTIONS(X)
#undef X
}

static bool is_interpreter(const struct elf_object *object)
{
    const char *soname = elf_object_soname(object);

    return soname != NULL && (strncmp(soname, "ld-", 3) == 0 || strncmp(soname, "ld.so", 5) == 0);
}

static int find_copy(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    struct elf_object object;
    int ranked;

    (void)size;
    if (!elf_object_read(&object, info) || is_self(&object))
        return 0;
    search->after_interpreter |= is_interpreter(&object);
    if (elf_object_function(&object, "zmq_ctx_new") == NULL ||
        elf_object_function(&object, "zmq_setsockopt") == NULL)
        return 0;
    ranked = rank(search, &object);
    if (ranked > search->best) {
        search->best = ranked;
        fill(&search->found, &object);
    }
    return 0;
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

static const struct zmqlib *search_for(const void *caller, int least_rank)
{
    const struct zmqlib *lib;
    struct search search;

    memset(&search, 0, sizeof search);
    search.caller = caller;
    dl_iterate_phdr(find_caller, &search);
    dl_iterate_phdr(find_copy, &search);
    lib = search.best >= least_rank ? keep(&search.found) : NULL;
    if (lib != NULL)
        callers_remember(search.caller_start, search.caller_end, lib);
    return lib;
}

const struct zmqlib *zmqlib_for_caller(const void *caller)
{
    const struct zmqlib *lib = callers_recall(caller);

    return lib != NULL ? lib : search_for(caller, 1);
}

const struct zmqlib *zmqlib_of_caller(const void *caller)
{
    struct search search;

    memset(&search, 0, sizeof search);
    search.caller = caller;
    search.after_interpreter = true;
    dl_iterate_phdr(find_caller, &search);
    dl_iterate_phdr(find_copy, &search);
    return search.best >= 2 ? keep(&search.found) : NULL;
}

static int find_at(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    struct elf_object object;

    (void)size;
    if (!elf_object_read(&object, info) || !elf_object_contains(&object, search->caller))
        return 0;
    if (!is_self(&object) && elf_object_function(&object, "zmq_ctx_new") != NULL &&
        elf_object_function(&object, "zmq_setsockopt") != NULL) {
        fill(&search->found, &object);
        search->best = 1;
    }
    return 1;
}

const struct zmqlib *zmqlib_at(const void *address)
{
    struct search search;

    memset(&search, 0, sizeof search);
    search.caller = address;
    dl_iterate_phdr(find_at, &search);
    return search.best != 0 ? keep(&search.found) : NULL;
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

struct definition {
    const void *caller;
    const char *name;
    bool found;
};

static int find_definition(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct definition *definition = argument;
    struct elf_object object;

    (void)size;
    if (!elf_object_read(&object, info) || !elf_object_contains(&object, definition->caller))
        return 0;
    definition->found = elf_object_function(&object, definition->name) != NULL;
    return 1;
}

bool zmqlib_caller_defines(const void *caller, const char *name)
{
    struct definition definition = {caller, name, false};

    dl_iterate_phdr(find_definition, &definition);
    return definition.found;
}

bool zmqlib_present(void)
{
    struct search search;

    memset(&search, 0, sizeof search);
    dl_iterate_phdr(find_copy, &search);
    return search.best != 0;
}
