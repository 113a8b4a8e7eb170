#include "shim/check_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MAX (256u << 20)

char *proc_read(pid_t pid, const char *name, size_t *size)
{
    char *path = check_format("/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t room = 65536, used = 0;
    char *data;
    ssize_t got;

    free(path);
    if (file < 0)
        return NULL;
    data = check_allocate(room);
    while ((got = read(file, data + used, room - used - 1)) > 0) {
        used += (size_t)got;
        if (used + 1 == room && room < READ_MAX) {
            char *more = check_allocate(room * 2);

            memcpy(more, data, used);
            free(data);
            data = more;
            room *= 2;
        }
    }
    if (got < 0) {
        int error = errno;

        free(data);
        data = NULL;
        errno = error;
    } else {
        data[used] = '\0';
        if (size != NULL)
            *size = used;
    }
    close(file);
    return data;
}

char *proc_link(pid_t pid, const char *name)
{
    char *path = check_format("/proc/%d/%s", (int)pid, name);
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);

    free(path);
    if (length < 0)
        return NULL;
    target[length] = '\0';
    return check_format("%s", target);
}

bool proc_status(pid_t pid, const char *name, char *value, size_t size)
{
    char *status = proc_read(pid, "status", NULL);
    char *key = check_format("\n%s:\t", name);
    char *at = status != NULL ? strstr(status, key) : NULL;

    if (at != NULL) {
        at += strlen(key);
        snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
    }
    free(key);
    free(status);
    return at != NULL;
}

char *proc_variable(pid_t pid, const char *name)
{
    size_t size = 0, length = strlen(name);
    char *environment = proc_read(pid, "environ", &size);
    char *value = NULL;

    if (environment == NULL)
        return NULL;
    for (size_t at = 0; at < size && value == NULL; at += strlen(environment + at) + 1)
        if (strncmp(environment + at, name, length) == 0 && environment[at + length] == '=')
            value = check_format("%s", environment + at + length + 1);
    free(environment);
    return value;
}
