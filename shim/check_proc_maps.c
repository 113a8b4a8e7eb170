#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/check_object.h"
#include "shim/check_proc.h"

struct mapping {
    char range[64];
    unsigned long long inode;
    const char *path;
};

static bool parse(char *line, struct mapping *mapping)
{
    int at = 0;

    if (sscanf(line, "%63s %*s %*s %*s %llu %n", mapping->range, &mapping->inode, &at) != 2 ||
        at == 0 || mapping->inode == 0)
        return false;
    mapping->path = line + at;
    return mapping->path[0] == '/';
}

/* The mapped file itself where the kernel lets us; else what has its name now, if it is the same
 * file. */
static int open_mapped(pid_t pid, const struct mapping *mapping, struct check_bytes *bytes)
{
    char *path = check_format("/proc/%d/map_files/%s", (int)pid, mapping->range);
    int error = check_bytes_open(bytes, path);

    free(path);
    if (error == 0)
        return 0;
    path = check_format("/proc/%d/root%s", (int)pid, mapping->path);
    error = check_bytes_open(bytes, path);
    free(path);
    if (error == 0 && bytes->status.st_ino != mapping->inode) {
        check_bytes_close(bytes);
        error = ESTALE;
    }
    return error;
}

static void look(pid_t pid, const struct mapping *mapping, struct proc_maps *maps)
{
    struct check_object object;
    struct check_bytes bytes;

    if (strncmp(check_base_name(mapping->path), "libcurveshim.so", 15) == 0)
        maps->shim = true;
    if (open_mapped(pid, mapping, &bytes) != 0) {
        /* Its name is all that is left of it. */
        maps->libzmq = maps->libzmq || strstr(mapping->path, "libzmq") != NULL;
        return;
    }
    if (check_object_read(&object, mapping->path, &bytes)) {
        if (object.copy != COPY_NONE) {
            maps->libzmq = true;
            maps->direct = maps->direct || object.copy == COPY_DIRECT;
            maps->fit = maps->fit || (object.copy != COPY_DIRECT && object.curve &&
                                      check_version_fit(object.version));
            check_add(maps->libraries, check_object_value(&object));
        }
        check_object_free(&object);
    }
    check_bytes_close(&bytes);
}

int proc_maps(pid_t pid, struct proc_maps *maps)
{
    char *text, *rest = NULL;
    struct mapping mapping;
    unsigned long long *seen;
    size_t count = 0, room = 0;

    memset(maps, 0, sizeof *maps);
    maps->libraries = check_array_new();
    text = proc_read(pid, "maps", NULL);
    if (text == NULL)
        return errno;
    for (const char *at = text; *at != '\0'; at++)
        room += *at == '\n';
    seen = check_allocate(room * sizeof *seen);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        bool known = false;

        if (!parse(line, &mapping))
            continue;
        for (size_t i = 0; i < count && !known; i++)
            known = seen[i] == mapping.inode;
        if (known)
            continue;
        seen[count++] = mapping.inode;
        look(pid, &mapping, maps);
    }
    free(seen);
    free(text);
    return 0;
}
