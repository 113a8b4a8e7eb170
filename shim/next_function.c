#include "shim/next_function.h"

#include "shim/elf_object.h"

#define KEPT 24

struct next {
    const char *name;
    bool passed_self;
    void *found;
};

/* What a program starts with is never unloaded, so it is read once for many look-ups. */
static struct {
    bool passed_self;
    size_t count;
    struct elf_object objects[KEPT];
} behind;
static bool behind_counts;

static bool is_self(const struct elf_object *object)
{
    return elf_object_contains(object, (const void *)(uintptr_t)&next_function);
}

static int keep(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct elf_object *object = &behind.objects[behind.count];

    (void)size;
    (void)argument;
    if (!elf_object_read(object, info))
        return 0;
    if (behind.passed_self)
        behind.count++;
    else
        behind.passed_self = is_self(object);
    return behind.count == KEPT;
}

void next_function_begin(void)
{
    dl_iterate_phdr(keep, NULL);
    __atomic_store_n(&behind_counts, true, __ATOMIC_RELEASE);
}

void next_function_end(void)
{
    __atomic_store_n(&behind_counts, false, __ATOMIC_RELEASE);
}

static int look(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct next *next = argument;
    struct elf_object object;

    (void)size;
    if (!elf_object_read(&object, info))
        return 0;
    if (is_self(&object)) {
        next->passed_self = true;
        return 0;
    }
    if (!next->passed_self)
        return 0;
    next->found = elf_object_function(&object, next->name);
    return next->found != NULL;
}

void *next_function(const char *name)
{
    struct next next = {name, false, NULL};

    if (__atomic_load_n(&behind_counts, __ATOMIC_ACQUIRE))
        for (size_t i = 0; i < behind.count && next.found == NULL; i++)
            next.found = elf_object_function(&behind.objects[i], name);
    if (next.found != NULL)
        return next.found;
    dl_iterate_phdr(look, &next);
    return next.found;
}
