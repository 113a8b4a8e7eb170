#include "shim/metrics_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STAT_START 20 /* the field starttime of proc(5), counted from the one behind the name */

/* The first bytes of a file of /proc as text; false if it can't be read. */
static bool read_text(char *text, size_t size, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return false;
    do
        length = read(fd, text, size - 1);
    while (length < 0 && errno == EINTR);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    return true;
}

/* 0 if it can't be told. */
static uint64_t start_of(const char *path)
{
    char text[1024], *at;
    uint64_t start = 0;

    if (!read_text(text, sizeof text, path))
        return 0;
    /* The name in parentheses can be anything. */
    at = strrchr(text, ')');
    for (int field = 0; at != NULL && field < STAT_START; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, " %" SCNu64, &start) != 1)
        return 0;
    return start;
}

static int64_t milliseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t started(uint64_t ticks)
{
    long per_second = sysconf(_SC_CLK_TCK);
    int64_t now = milliseconds(CLOCK_REALTIME);

    if (ticks == 0 || per_second <= 0)
        return now;
    return now - milliseconds(CLOCK_BOOTTIME) + (int64_t)(ticks * 1000 / (uint64_t)per_second);
}

static void place(struct metrics_self *self)
{
    char boot[64] = "", space[64] = "";
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);

    if (!read_text(boot, sizeof boot, "/proc/sys/kernel/random/boot_id"))
        boot[0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    space[length > 0 ? length : 0] = '\0';
    self->comparable = boot[0] != '\0' && space[0] != '\0' && self->owner.start != 0;
    snprintf(self->comment, sizeof self->comment, "curveshim, boot %.40s, %.40s",
             boot[0] != '\0' ? boot : "unknown", space[0] != '\0' ? space : "pid:unknown");
}

void metrics_self(struct metrics_self *self)
{
    char name[METRICS_HOST] = "";

    if (gethostname(name, sizeof name - 1) != 0)
        name[0] = '\0';
    metrics_host(self->host, name);
    self->owner.pid = getpid();
    self->owner.start = start_of("/proc/self/stat");
    self->started = started(self->owner.start);
    place(self);
}

bool metrics_owner_is_gone(const struct metrics_owner *owner)
{
    char path[64];
    uint64_t start;

    if (getpgid(owner->pid) < 0)
        return errno == ESRCH;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)owner->pid);
    start = start_of(path);
    return start != 0 && start != owner->start;
}
