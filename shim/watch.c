#include "shim/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shim/high_descriptor.h"
#include "shim/lasting_descriptor.h"

#define CONTENT_MASK                                                                               \
    (IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |            \
     IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PARENT_MASK                                                                                \
    (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |         \
     IN_ONLYDIR | IN_MASK_ADD)

static void add(struct watch *watch, int i)
{
    char parent[PATH_MAX], *slash;

    watch->directories[i] =
        inotify_add_watch(watch->fd, watch->paths[i], CONTENT_MASK | IN_MASK_ADD);
    snprintf(parent, sizeof parent, "%s", watch->paths[i]);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        return;
    slash[slash == parent ? 1 : 0] = '\0';
    watch->parents[i] = inotify_add_watch(watch->fd, parent, PARENT_MASK);
}

static bool look(struct watch_place *place, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    *place = (struct watch_place){status.st_dev, status.st_ino};
    return true;
}

void watch_renew(struct watch *watch)
{
    for (int i = 0; i < WATCH_DIRECTORIES; i++) {
        watch->directories[i] = watch->parents[i] = -1;
        watch->places[i] = (struct watch_place){0, 0};
        if (watch->fd < 0 || watch->paths[i] == NULL)
            continue;
        (void)look(&watch->places[i], watch->paths[i]);
        add(watch, i);
    }
}

bool watch_moved(const struct watch *watch)
{
    struct watch_place place;
    int saved = errno;
    bool moved = false;

    for (int i = 0; i < WATCH_DIRECTORIES && watch->fd >= 0; i++)
        moved |= watch->paths[i] != NULL && look(&place, watch->paths[i]) &&
                 (place.device != watch->places[i].device || place.inode != watch->places[i].inode);
    errno = saved;
    return moved;
}

static ino_t inode_of(int fd)
{
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 ? status.st_ino : 0;
}

/* Event descriptors of all kinds share an inode; only inotify's tell how much there is to read. */
static bool is_watcher(const struct watch *watch)
{
    int unread;

    return watch->inode != 0 && inode_of(watch->fd) == watch->inode &&
           ioctl(watch->fd, FIONREAD, &unread) == 0;
}

void watch_open(struct watch *watch, const char *const paths[WATCH_DIRECTORIES])
{
    memcpy(watch->paths, paths, sizeof watch->paths);
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch->lasting = -1;
    if (watch->fd >= 0) {
        watch->fd = high_descriptor(watch->fd);
        watch->lasting = lasting_descriptor(watch->fd);
    }
    watch->inode = inode_of(watch->fd);
    watch->lasting_inode = inode_of(watch->lasting);
    watch_renew(watch);
}

void watch_close(struct watch *watch)
{
    if (is_watcher(watch))
        close(watch->fd);
    if (watch->lasting_inode != 0 && inode_of(watch->lasting) == watch->lasting_inode)
        close(watch->lasting);
    watch->fd = watch->lasting = -1;
}

bool watch_lost(struct watch *watch)
{
    int saved = errno;
    bool lost = watch->fd >= 0 && !is_watcher(watch);

    if (lost)
        watch_close(watch);
    errno = saved;
    return lost;
}

/* What happens beside a directory does not concern it. */
static bool is_of_parent(const struct watch *watch, int i, const struct inotify_event *event,
                         const char *name)
{
    const char *slash = strrchr(watch->paths[i], '/');

    return event->wd == watch->parents[i] &&
           (name[0] == '\0' || slash == NULL || strcmp(name, slash + 1) == 0);
}

static void dispatch(const struct watch *watch, const struct inotify_event *event,
                     void (*changed)(int directory, const char *name))
{
    const char *name = event->len > 0 ? event->name : "";

    for (int i = 0; i < WATCH_DIRECTORIES; i++) {
        if (watch->paths[i] == NULL)
            continue;
        if (event->mask & IN_Q_OVERFLOW)
            changed(i, NULL);
        else if (event->wd == watch->directories[i])
            changed(i, name[0] != '\0' ? name : NULL);
        else if (is_of_parent(watch, i, event, name))
            changed(i, NULL);
    }
}

void watch_read(struct watch *watch, void (*changed)(int directory, const char *name))
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t length;

    if (watch->fd < 0)
        return;
    while ((length = read(watch->fd, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event = (const void *)(buffer + at);

            dispatch(watch, event, changed);
            at += (ssize_t)(sizeof *event + event->len);
        }
}

/* File systems on which others can change files without inotify noticing. */
static bool is_remote(const char *path)
{
    static const unsigned long types[] = {
        0x6969 /* NFS */,      0x517b /* SMB */,      0xfe534d42 /* SMB2 */,
        0xff534d42 /* CIFS */, 0x65735546 /* FUSE */, 0x01021997 /* 9P */,
        0x00c36400 /* Ceph */, 0x5346414f /* AFS */,  0x6a656a63 /* virtiofs */,
    };
    struct statfs status;

    if (statfs(path, &status) != 0)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((unsigned long)status.f_type == types[i])
            return true;
    return false;
}

static bool is_plain(const char *path)
{
    char real[PATH_MAX];

    return realpath(path, real) != NULL && strcmp(real, path) == 0 && !is_remote(path);
}

bool watch_covers(const struct watch *watch, int directory)
{
    const char *path = watch->paths[directory], *slash = strrchr(path, '/');
    char parent[PATH_MAX];

    if (watch->fd < 0)
        return false;
    if (watch->directories[directory] >= 0)
        return is_plain(path);
    if (slash == NULL || slash == path || watch->parents[directory] < 0 || access(path, F_OK) == 0)
        return false;
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    return is_plain(parent);
}
