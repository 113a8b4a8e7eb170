#include "shim/loaded.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/next_function.h"

/* struct dl_find_object, which the headers of an older glibc lack: as far as it is read, and room
 * for all that is written. */
struct place {
    unsigned long long flags;
    void *start, *end;
    struct link_map *map;
    void *rest[16];
};

static int (*find)(void *address, struct place *place);
static pid_t origin;

void loaded_resolve(void)
{
    *(void **)(void *)&find = next_function("_dl_find_object");
    origin = getpid();
}

bool loaded_forked(void)
{
    return origin != 0 && getpid() != origin;
}

struct lookup {
    struct elf_object *object;
    const void *address;
    bool found;
};

static int match(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct lookup *lookup = argument;

    (void)size;
    lookup->found = elf_object_read(lookup->object, info) &&
                    elf_object_contains(lookup->object, lookup->address);
    return lookup->found;
}

bool loaded_at(struct elf_object *object, const void *address)
{
    struct lookup lookup = {object, address, false};
    struct place place;

    if (find != NULL)
        return find((void *)(uintptr_t)address, &place) == 0 &&
               elf_object_of_map(object, place.map, place.start, place.end);
    dl_iterate_phdr(match, &lookup);
    return lookup.found;
}

struct walk {
    bool (*visit)(const struct elf_object *object, void *argument);
    void *argument;
};

static int step(struct dl_phdr_info *info, size_t size, void *argument)
{
    const struct walk *walk = argument;
    struct elf_object object;

    (void)size;
    return elf_object_read(&object, info) && walk->visit(&object, walk->argument);
}

/* The task directory has a link for each thread and two of its own, and one in its parent. */
static bool has_threads(void)
{
    struct stat status;
    int saved = errno;
    bool alone = stat("/proc/self/task", &status) == 0 && status.st_nlink == 3;

    errno = saved;
    return !alone;
}

/* What another thread was loading or unloading at the fork is in the list and is not found. */
static void go_through(const struct link_map *map, const struct walk *walk)
{
    struct elf_object object;
    struct place place;

    while (map->l_prev != NULL)
        map = map->l_prev;
    for (; map != NULL; map = map->l_next)
        if (map->l_ld != NULL && find((void *)map->l_ld, &place) == 0 && place.map == map &&
            elf_object_of_map(&object, map, place.start, place.end) &&
            walk->visit(&object, walk->argument))
            return;
}

void loaded_each(bool (*visit)(const struct elf_object *object, void *argument), void *argument)
{
    struct walk walk = {visit, argument};
    struct place self;

    if (find != NULL && loaded_forked() && !has_threads() &&
        find((void *)(uintptr_t)&loaded_each, &self) == 0)
        go_through(self.map, &walk);
    else
        dl_iterate_phdr(step, &walk);
}
