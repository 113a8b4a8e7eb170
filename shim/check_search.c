#include "shim/check_search.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX 512

static const char *const default_directories[] = {
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/i386-linux-gnu",
    "/usr/lib/i386-linux-gnu",
};

struct search {
    struct check_closure *closure;
    size_t *loaders; /* of each object, the one that needs it */
    struct check_bytes cache;
    const struct check_object *target;
};

/* Takes the file as the next object if it fits the target. */
static bool take(struct search *search, const char *path, size_t loader)
{
    struct check_closure *closure = search->closure;
    struct check_object object;
    struct check_bytes bytes;
    bool fits;

    if (check_bytes_open(&bytes, path) != 0)
        return false;
    fits = check_object_read(&object, path, &bytes);
    check_bytes_close(&bytes);
    if (!fits)
        return false;
    if ((object.form != FORM_LIBRARY && object.form != FORM_PROGRAM) ||
        object.machine != search->target->machine || object.wide != search->target->wide ||
        object.big != search->target->big) {
        check_object_free(&object);
        return false;
    }
    search->loaders[closure->count] = loader;
    closure->objects[closure->count++] = object;
    return true;
}

/* $ORIGIN and ${ORIGIN} stand for the object's own directory; $LIB and $PLATFORM are left alone. */
static char *expand(const char *directory, size_t length, const char *origin)
{
    static const char *const spellings[] = {"$ORIGIN", "${ORIGIN}"};
    size_t own = strrchr(origin, '/') != NULL ? (size_t)(strrchr(origin, '/') - origin) : 0;

    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(spellings[i]);
        const char *at = memmem(directory, length, spellings[i], size);

        if (at != NULL)
            return check_format("%.*s%.*s%.*s", (int)(at - directory), directory,
                                own != 0 ? (int)own : 1, own != 0 ? origin : ".",
                                (int)(length - size - (size_t)(at - directory)), at + size);
    }
    return check_format("%.*s", (int)length, directory);
}

static bool take_from(struct search *search, const char *list, const char *origin, const char *name,
                      size_t loader)
{
    bool taken = false;

    while (list != NULL && *list != '\0' && !taken) {
        size_t length = strcspn(list, ":;");
        char *directory = expand(list, length, origin);
        char *path = check_format("%s/%s", length != 0 ? directory : ".", name);

        taken = take(search, path, loader);
        free(path);
        free(directory);
        list += length + (list[length] != '\0');
    }
    return taken;
}

/* RPATH counts for what an object loads and for what that loads in turn; RUNPATH switches it off.
 */
static bool take_from_rpath(struct search *search, const char *name, size_t loader)
{
    const struct check_object *objects = search->closure->objects;

    if (objects[loader].runpath != NULL)
        return false;
    for (size_t i = loader;; i = search->loaders[i]) {
        if (objects[i].runpath == NULL &&
            take_from(search, objects[i].rpath, objects[i].path, name, loader))
            return true;
        if (i == 0)
            return false;
    }
}

static bool find(struct search *search, const char *name, size_t loader)
{
    const struct check_object *object = &search->closure->objects[loader];
    const char *path;

    if (strchr(name, '/') != NULL)
        return take(search, name, loader);
    if (take_from_rpath(search, name, loader) ||
        take_from(search, getenv("LD_LIBRARY_PATH"), object->path, name, loader) ||
        take_from(search, object->runpath, object->path, name, loader))
        return true;
    for (size_t i = 0; (path = check_cache_path(&search->cache, name, i)) != NULL; i++)
        if (take(search, path, loader))
            return true;
    for (size_t i = 0; i < sizeof default_directories / sizeof *default_directories; i++)
        if (take_from(search, default_directories[i], object->path, name, loader))
            return true;
    return false;
}

static bool known(const struct check_closure *closure, const char *name)
{
    for (size_t i = 0; i < closure->count; i++)
        if (strcmp(check_base_name(closure->objects[i].path), name) == 0 ||
            (closure->objects[i].soname != NULL && strcmp(closure->objects[i].soname, name) == 0))
            return true;
    for (size_t i = 0; i < check_count(closure->missing); i++)
        if (strcmp(check_text_at(closure->missing, i), name) == 0)
            return true;
    return false;
}

void check_closure_load(struct check_closure *closure, const struct check_object *target)
{
    struct search search = {.closure = closure, .target = target};

    closure->objects = check_allocate(OBJECTS_MAX * sizeof *closure->objects);
    closure->objects[0] = *target;
    closure->count = 1;
    closure->missing = check_array_new();
    search.loaders = check_allocate(OBJECTS_MAX * sizeof *search.loaders);
    check_bytes_open(&search.cache, "/etc/ld.so.cache");
    for (size_t i = 0; i < closure->count; i++) {
        const struct check_value *needed = closure->objects[i].needed;

        for (size_t n = 0; n < check_count(needed) && closure->count < OBJECTS_MAX; n++) {
            const char *name = check_text_at(needed, n);

            if (!known(closure, name) && !find(&search, name, i))
                check_add_text(closure->missing, name);
        }
    }
    check_bytes_close(&search.cache);
    free(search.loaders);
}

void check_closure_free(struct check_closure *closure)
{
    for (size_t i = 0; i < closure->count; i++)
        check_object_free(&closure->objects[i]);
    free(closure->objects);
    check_value_free(closure->missing);
}
