#include "certs/file_stamp.h"

#include <string.h>

/* Times of change are those of the kernel's last tick, or of a coarser file system. */
#define SETTLED_SECONDS 2

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_settled(const struct timespec *changed)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return changed->tv_sec < now.tv_sec - SETTLED_SECONDS;
}

static bool same_time(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

bool file_version_note(struct file_version *version, const struct stat *status)
{
    version->device = status->st_dev;
    version->inode = status->st_ino;
    version->size = status->st_size;
    version->modified = status->st_mtim;
    version->changed = status->st_ctim;
    return is_settled(&status->st_ctim);
}

bool file_version_same(const struct file_version *version, const struct stat *status)
{
    return version->inode == status->st_ino && version->device == status->st_dev &&
           version->size == status->st_size && same_time(&version->modified, &status->st_mtim) &&
           same_time(&version->changed, &status->st_ctim);
}

void file_stamp_take(struct file_stamp *stamp, const struct stat *status)
{
    memset(stamp, 0, sizeof *stamp);
    stamp->usable = file_version_note(&stamp->version, status);
    stamp->mode = status->st_mode;
    stamp->owner = status->st_uid;
    stamp->group = status->st_gid;
    stamp->taken = now_ms();
}

bool file_stamp_holds(const struct file_stamp *stamp, const char *path)
{
    struct stat status;

    return stamp->usable && now_ms() - stamp->taken < STAMP_MS && stat(path, &status) == 0 &&
           stamp->mode == status.st_mode && stamp->owner == status.st_uid &&
           stamp->group == status.st_gid && file_version_same(&stamp->version, &status);
}
