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

static void describe(struct file_stamp *stamp, const struct stat *status)
{
    stamp->mode = status->st_mode;
    stamp->owner = status->st_uid;
    stamp->group = status->st_gid;
    stamp->device = status->st_dev;
    stamp->inode = status->st_ino;
    stamp->size = status->st_size;
    stamp->modified = status->st_mtim;
    stamp->changed = status->st_ctim;
}

static bool same_time(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

static bool same(const struct file_stamp *one, const struct file_stamp *other)
{
    return one->inode == other->inode && one->device == other->device && one->size == other->size &&
           one->mode == other->mode && one->owner == other->owner && one->group == other->group &&
           same_time(&one->modified, &other->modified) && same_time(&one->changed, &other->changed);
}

void file_stamp_take(struct file_stamp *stamp, const struct stat *status)
{
    memset(stamp, 0, sizeof *stamp);
    describe(stamp, status);
    stamp->taken = now_ms();
    stamp->usable = is_settled(&status->st_ctim);
}

bool file_stamp_holds(const struct file_stamp *stamp, const char *path)
{
    struct file_stamp present;
    struct stat status;

    if (!stamp->usable || now_ms() - stamp->taken >= STAMP_MS || stat(path, &status) != 0)
        return false;
    describe(&present, &status);
    return same(stamp, &present);
}
