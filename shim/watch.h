#ifndef CURVESHIM_SHIM_WATCH_H
#define CURVESHIM_SHIM_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

/* inotify on a few directories and on what holds them: the one file watcher of the process. For
 * one thread at a time. */

#define WATCH_DIRECTORIES 2

struct watch_place {
    dev_t device;
    ino_t inode; /* 0: there is none */
};

struct watch {
    int fd;      /* -1: inotify is not to be had, poll instead */
    int lasting; /* see lasting_descriptor.h */
    ino_t inode, lasting_inode;
    const char *paths[WATCH_DIRECTORIES];
    int directories[WATCH_DIRECTORIES];
    int parents[WATCH_DIRECTORIES];
    struct watch_place places[WATCH_DIRECTORIES];
};

/* Opens the watcher on paths (borrowed; NULL for none). The descriptor is close-on-exec and takes
 * no low number. */
void watch_open(struct watch *watch, const char *const paths[WATCH_DIRECTORIES]);
/* Closes nothing that is not the watcher's any more. */
void watch_close(struct watch *watch);

/* Programs close descriptors that they do not know, and open others under their numbers, without a
 * sign: so often this is to be asked. True once it has happened; it is not open any more then. */
#define WATCH_LOOK_MS 800
bool watch_lost(struct watch *watch);

/* Whether a path leads to another directory than the one that is watched, without a sign: a file
 * system was mounted over it, or the one that was is gone. False where it leads nowhere: what was
 * read last stays in force then. */
bool watch_moved(const struct watch *watch);

/* Watches again what was replaced or has come back. */
void watch_renew(struct watch *watch);

/* Reads what has happened, without waiting. changed is called with the index of a directory and
 * the name of a file in it, hidden ones too, or NULL for "anything may have changed". */
void watch_read(struct watch *watch, void (*changed)(int directory, const char *name));

/* Whether changes in that directory are told at all: it is watched (or, where it is missing, what
 * should hold it is), on a file system that reports them, by a path without symbolic links. */
bool watch_covers(const struct watch *watch, int directory);

#endif
