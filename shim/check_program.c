#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/check_file.h"

/* Holes that need no key to be used. */
static const char *holes(const char *version)
{
    unsigned major, minor, patch, number;

    if (version == NULL || sscanf(version, "%u.%u.%u", &major, &minor, &patch) != 3)
        return NULL;
    number = major * 1000000 + minor * 1000 + patch;
    return number < 4003002   ? "CVE-2019-13132 and CVE-2020-15166"
           : number < 4003003 ? "CVE-2020-15166"
                              : NULL;
}

void check_copy_judge(struct check_result *result, const struct check_object *object)
{
    char *copy = check_copy_text(object);

    if (object->copy == COPY_DIRECT) {
        check_reason(result, CHECK_BLOCKED,
                     "%s is linked in and called directly%s: the preload is not asked, and on the "
                     "wire anything but CURVE is blocked",
                     copy,
                     object->form != FORM_LIBRARY ? ""
                     : object->exports            ? " (-Bsymbolic)"
                                                  : " (hidden)");
        check_remedy(result, CHECK_BLOCKED, "link it against the shared libzmq%s%s",
                     object->form == FORM_LIBRARY ? ", or without -Bsymbolic and --exclude-libs"
                                                  : "",
                     object->curve ? ", or have the program configure CURVE itself" : "");
    } else if (!object->curve) {
        check_reason(result, CHECK_BLOCKED,
                     "%s was built without CURVE: each bind and connect is refused (ENOTSUP)",
                     copy);
        check_remedy(result, CHECK_BLOCKED, "use a libzmq that was built with libsodium");
    } else if (!check_version_fit(object->version)) {
        check_reason(result, CHECK_BLOCKED,
                     "%s can't be made to fail closed: each bind and connect is refused (ENOTSUP)",
                     copy);
        check_remedy(result, CHECK_BLOCKED, "use libzmq 4.2.3 or newer, best the newest");
    } else {
        check_reason(result, CHECK_SECURED, "%s is %s: the preload answers its callers", copy,
                     object->copy == COPY_SHARED ? "a shared library"
                                                 : "linked in, exported and called through its "
                                                   "relocations");
    }
    if (holes(object->version) != NULL)
        check_reason(result, CHECK_SECURED,
                     "%s has holes that peers can use before they authenticate (%s): 4.3.3 mends "
                     "them",
                     copy, holes(object->version));
    free(copy);
}

static const char *libc_of(const struct check_object *object)
{
    if (object->interpreter != NULL)
        return strstr(object->interpreter, "ld-musl") != NULL ? "musl" : "glibc";
    for (size_t i = 0; i < check_count(object->needed); i++) {
        const char *name = check_text_at(object->needed, i);

        if (strncmp(name, "libc.musl-", 10) == 0 || strcmp(name, "libc.so") == 0)
            return "musl";
        if (strcmp(name, "libc.so.6") == 0)
            return "glibc";
    }
    return NULL;
}

bool check_fits(struct check_result *result, const struct check_object *object)
{
    struct check_object own;
    struct check_bytes bytes;
    const char *libc = libc_of(object), *own_libc;
    char *machine, *own_machine;
    bool fits = true;

    if (check_bytes_open(&bytes, "/proc/self/exe") != 0)
        return true;
    if (check_object_read(&own, "/proc/self/exe", &bytes)) {
        machine = check_machine_text(object);
        own_machine = check_machine_text(&own);
        own_libc = libc_of(&own);
        if (strcmp(machine, own_machine) != 0) {
            fits = false;
            check_reason(result, CHECK_CANNOT, "it is for %s, this curveshim for %s", machine,
                         own_machine);
        } else if (libc != NULL && own_libc != NULL && strcmp(libc, own_libc) != 0) {
            fits = false;
            check_reason(result, CHECK_CANNOT, "it uses %s, this curveshim %s", libc, own_libc);
        }
        free(machine);
        free(own_machine);
        check_object_free(&own);
    }
    check_bytes_close(&bytes);
    if (!fits)
        check_remedy(result, CHECK_CANNOT, "use a curveshim that was built for its system");
    return fits;
}

static void judge_static(struct check_result *result, const struct check_object *object)
{
    check_reason(result, CHECK_CANNOT,
                 "it is statically linked: no dynamic linker runs that could preload anything");
    if (object->copy != COPY_NONE) {
        char *copy = check_copy_text(object);

        check_reason(result, CHECK_CANNOT, "%s is linked in", copy);
        free(copy);
    }
    if (object->go)
        check_reason(result, CHECK_CANNOT, "a Go program: it makes its system calls itself");
    check_remedy(result, CHECK_CANNOT, "%s",
                 object->go ? "build it with cgo against the shared libzmq, or have it configure "
                              "CURVE itself"
                            : "link it dynamically against libc and the shared libzmq");
}

static void judge_go(struct check_result *result)
{
    check_reason(result, CHECK_CANNOT,
                 "it contains go-zeromq, which speaks ZMTP itself and makes its system calls "
                 "without libc");
    check_remedy(result, CHECK_CANNOT,
                 "use the binding of libzmq (pebbe/zmq4), or CURVE in the "
                 "program itself");
}

static bool needs_libzmq(const struct check_value *names, const char **name)
{
    for (size_t i = 0; i < check_count(names); i++) {
        *name = check_text_at(names, i);
        if (strncmp(*name, "libzmq", 6) == 0)
            return true;
    }
    return false;
}

static void judge_closure(struct check_result *result, const struct check_closure *closure)
{
    const struct check_object *target = &closure->objects[0];
    struct check_value *libraries = check_array_new();
    bool zmq = false, loads = false;
    const char *missing;

    for (size_t i = 0; i < closure->count; i++) {
        const struct check_object *object = &closure->objects[i];

        loads = loads || (object->imports_dlsym && object->imports_dlopen);
        if (object->copy != COPY_NONE)
            check_copy_judge(result, object);
        if (object->imports != 0 && object->copy == COPY_NONE)
            check_reason(result, CHECK_SECURED,
                         "%s calls %u functions of libzmq through its PLT or GOT", object->path,
                         object->imports);
        if (object->copy != COPY_NONE || object->imports != 0) {
            zmq = true;
            check_add(libraries, check_object_value(object));
        }
    }
    check_set(result->details, "libraries", libraries);
    if (needs_libzmq(closure->missing, &missing)) {
        check_reason(result, CHECK_UNKNOWN, "%s was not found: whether it has CURVE is unknown",
                     missing);
        check_remedy(result, CHECK_UNKNOWN,
                     "install it, or set LD_LIBRARY_PATH as the program "
                     "will see it");
    }
    if (target->jvm)
        check_reason(result, CHECK_SECURED,
                     "a JVM: bindings of libzmq (JNI, JNA) are secured; JeroMQ, which speaks ZMTP "
                     "itself, goes through libc and is blocked");
    else if (!zmq && loads && result->verdict != CHECK_CANNOT)
        check_reason(result, CHECK_SECURED,
                     "it has no ZeroMQ of its own but loads libraries at run time: when it reaches "
                     "libzmq so, by linking or by dlsym, the preload answers");
    else if (!zmq && !loads && check_count(closure->missing) == 0)
        check_reason(result, CHECK_SECURED, "it has no ZeroMQ: there is nothing to secure");
    else if (!zmq && !loads)
        check_reason(result, CHECK_UNKNOWN, "it needs %s, which was not found",
                     check_text_at(closure->missing, 0));
}

void check_program(struct check_result *result, struct check_object *object,
                   const struct check_bytes *bytes)
{
    struct check_closure closure;
    char *machine = check_machine_text(object);

    result->kind = object->form == FORM_LIBRARY ? "library" : "program";
    check_set_text(result->details, "form", check_form_text(object->form));
    check_set_text(result->details, "machine", machine);
    check_set_text(result->details, "interpreter", object->interpreter);
    free(machine);
    if (object->form == FORM_STATIC) {
        judge_static(result, object);
        check_object_free(object);
        return;
    }
    if (object->form == FORM_PROGRAM)
        check_privileges(result, object->path, &bytes->status);
    if (object->go_zeromq)
        judge_go(result);
    if (!check_fits(result, object)) {
        check_object_free(object);
        return;
    }
    if (object->interpreter != NULL && access(object->interpreter, F_OK) != 0)
        check_reason(result, CHECK_UNKNOWN, "its dynamic linker %s is not here",
                     object->interpreter);
    check_closure_load(&closure, object);
    judge_closure(result, &closure);
    check_closure_free(&closure);
}
