#include "shim/next_function.h"

#include "shim/elf_object.h"

struct next {
    const char *name;
    bool passed_self;
    void *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct next *next = argument;
    struct elf_object object;

    (void)size;
    if (!elf_object_read(&object, info))
        return 0;
    if (elf_object_contains(&object, (const void *)(uintptr_t)&next_function)) {
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

    dl_iterate_phdr(look, &next);
    return next.found;
}
