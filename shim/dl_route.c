#include "shim/dl_route.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "shim/elf_file.h"
#include "shim/hooks.h"
#include "shim/next_function.h"
#include "shim/state.h"
#include "shim/zmqlib.h"

/* musl has none and does not declare it; ours is exported all the same, and finds nothing there. */
/* NOLINTNEXTLINE(readability-redundant-declaration) */
void *dlvsym(void *handle, const char *name, const char *version);

enum real { REAL_DLSYM, REAL_DLVSYM, REAL_DLOPEN, REAL_DLERROR, REAL_COUNT };
static void *reals[REAL_COUNT];

static void *nothing(void)
{
    return NULL;
}

static void *real(enum real which)
{
    static const char *const names[] = {"dlsym", "dlvsym", "dlopen", "dlerror"};
    void *found = __atomic_load_n(&reals[which], __ATOMIC_RELAXED);

    if (found != NULL)
        return found;
    found = next_function(names[which]);
    if (found == NULL)
        found = (void *)nothing;
    __atomic_store_n(&reals[which], found, __ATOMIC_RELAXED);
    return found;
}

static void *look_up(void *handle, const char *name, const char *version)
{
    void *(*plain)(void *, const char *);
    void *(*versioned)(void *, const char *, const char *);

    if (version == NULL) {
        *(void **)(void *)&plain = real(REAL_DLSYM);
        return plain(handle, name);
    }
    *(void **)(void *)&versioned = real(REAL_DLVSYM);
    return versioned(handle, name, version);
}

static void clear_error(void)
{
    char *(*error)(void);

    *(void **)(void *)&error = real(REAL_DLERROR);
    (void)error();
}

/* The copy of libzmq that a look-up without a handle finds for this caller. */
static const struct zmqlib *visible(const char *name, const char *version, const void *caller)
{
    void *global = look_up(RTLD_NEXT, name, version);
    const struct zmqlib *lib;

    if (global != NULL)
        return zmqlib_at(global);
    lib = zmqlib_of_caller(caller);
    if (lib != NULL)
        clear_error();
    return lib;
}

static void *answer(void *handle, const char *name, const char *version, const void *caller)
{
    void *found, *hook;
    const struct zmqlib *lib;

    if (handle == RTLD_DEFAULT || handle == RTLD_NEXT) {
        lib = visible(name, version, caller);
        found = lib != NULL ? zmqlib_function(lib, name) : NULL;
        return found != NULL ? hooks_for(lib, name) : look_up(RTLD_NEXT, name, version);
    }
    found = look_up(handle, name, version);
    if (found == NULL)
        return NULL;
    /* A handle of the global scope finds this library first. */
    if (hooks_is_own(found)) {
        lib = visible(name, version, caller);
        if (lib == NULL)
            return look_up(RTLD_NEXT, name, version);
    } else {
        lib = zmqlib_at(found);
    }
    hook = lib != NULL && zmqlib_function(lib, name) != NULL ? hooks_for(lib, name) : NULL;
    return hook != NULL ? hook : found;
}

/* dlsym and dlvsym by name: a program that fetches them by a handle goes on seeing us. */
static void *answer_dl(void *handle, const char *name, const char *version)
{
    void *found = look_up(handle, name, version);

    if (found != NULL && found == real(REAL_DLSYM))
        return (void *)dlsym;
    if (found != NULL && found == real(REAL_DLVSYM))
        return (void *)dlvsym;
    return found;
}

static bool route(void *handle, const char *name, const char *version, const void *caller,
                  void **result)
{
    const bool special = handle == RTLD_DEFAULT || handle == RTLD_NEXT;

    if (name == NULL)
        return false;
    if (name[0] == 'd' && name[1] == 'l' && !special &&
        (strcmp(name, "dlsym") == 0 || strcmp(name, "dlvsym") == 0)) {
        *result = answer_dl(handle, name, version);
        return true;
    }
    if (name[0] != 'z' || !hooks_has(name))
        return false;
    /* A library that wraps libzmq and asks for the next definition is one link of a chain. */
    if (handle == RTLD_NEXT && zmqlib_caller_defines(caller, name))
        return false;
    *result = answer(handle, name, version, caller);
    return true;
}

void *dl_route_dlsym(void *handle, const char *name, const void *caller, void **result)
{
    return route(handle, name, NULL, caller, result) ? NULL : real(REAL_DLSYM);
}

void *dl_route_dlvsym(void *handle, const char *name, const char *version, const void *caller,
                      void **result)
{
    return version != NULL && route(handle, name, version, caller, result) ? NULL
                                                                           : real(REAL_DLVSYM);
}

int dl_route_dlopen(const char *file, int flags, void **target)
{
    *target = real(REAL_DLOPEN);
    (void)file;
#ifdef RTLD_DEEPBIND
    /* With it, the object would look for zmq_bind in its own libraries before it looks here. */
    if ((flags & RTLD_DEEPBIND) && file != NULL && state_config()->mode != CONFIG_OFF &&
        elf_file_needs_zmq(file))
        flags &= ~RTLD_DEEPBIND;
#endif
    return flags;
}

void dl_route_resolve(void)
{
    for (int which = 0; which < REAL_COUNT; which++)
        (void)real((enum real)which);
}
