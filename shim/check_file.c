#include "shim/check_file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 5

static bool executable_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *check_file_find(const char *name)
{
    const char *list = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return check_format("%s", name);
    if (list == NULL)
        list = "/usr/local/bin:/usr/bin:/bin";
    while (*list != '\0') {
        size_t length = strcspn(list, ":");
        char *path =
            check_format("%.*s/%s", length != 0 ? (int)length : 1, length != 0 ? list : ".", name);

        if (executable_file(path))
            return path;
        free(path);
        list += length + (list[length] != '\0');
    }
    return access(name, F_OK) == 0 ? check_format("./%s", name) : NULL;
}

static void unreadable(struct check_result *result, const char *path, int error)
{
    if (error == EISDIR || error == EINVAL) {
        check_reason(result, CHECK_UNKNOWN, "%s is %s, not a program", path,
                     error == EISDIR ? "a directory" : "a device, pipe or socket");
        return;
    }
    check_reason(result, CHECK_UNKNOWN, "%s: %s", path, strerror(error));
    if (error == EACCES)
        check_remedy(result, CHECK_UNKNOWN, "run curveshim-check as a user who may read the file");
}

static bool magic(const struct check_bytes *bytes, const char *four)
{
    return bytes->size >= 4 && memcmp(bytes->data, four, 4) == 0;
}

static void other(struct check_result *result, const struct check_bytes *bytes)
{
    static const char *const mach[] = {"\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf",
                                       "\xfe\xed\xfa\xce"};

    result->kind = "other";
    for (size_t i = 0; i < sizeof mach / sizeof *mach; i++)
        if (magic(bytes, mach[i])) {
            check_reason(result, CHECK_CANNOT, "a program or library for macOS");
            return;
        }
    if (check_bytes_begin(bytes, "MZ")) {
        check_reason(result, CHECK_UNKNOWN, "a program or library for Windows or .NET");
        check_remedy(result, CHECK_UNKNOWN,
                     "check the program that runs it, or the process while it runs");
        return;
    }
    check_reason(result, CHECK_UNKNOWN, "%s",
                 bytes->size == 0 ? "the file is empty" : "neither an ELF file nor a script");
    check_remedy(result, CHECK_UNKNOWN, "name the program that runs it, the interpreter say");
}

static void elf_file(struct check_result *result, struct check_object *object,
                     const struct check_bytes *bytes)
{
    if (object->form != FORM_BROKEN && object->form != FORM_OTHER) {
        check_program(result, object, bytes);
        return;
    }
    result->kind = "other";
    check_reason(result, CHECK_UNKNOWN, "%s",
                 object->form == FORM_BROKEN
                     ? "an ELF file that is cut off or damaged: it could not be started"
                     : "an ELF file, but neither a program nor a library that can be loaded");
    check_object_free(object);
}

void check_file(struct check_result *result, const char *path, unsigned depth)
{
    struct check_object object;
    struct check_bytes bytes;
    int error = check_bytes_open(&bytes, path);

    if (error != 0) {
        unreadable(result, path, error);
        return;
    }
    if (depth > DEPTH_MAX)
        check_reason(result, CHECK_UNKNOWN, "too many interpreters in a row");
    else if (check_object_read(&object, path, &bytes))
        elf_file(result, &object, &bytes);
    else if (check_bytes_begin(&bytes, "#!"))
        check_script(result, path, &bytes, depth);
    else if (magic(&bytes, "PK\x03\x04") || magic(&bytes, "\xca\xfe\xba\xbe"))
        check_archive(result, path, &bytes, depth);
    else
        other(result, &bytes);
    check_bytes_close(&bytes);
}
