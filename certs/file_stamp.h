#ifndef CURVESHIM_CERTS_FILE_STAMP_H
#define CURVESHIM_CERTS_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* Whether a file has to be read again. What a path leads to is told apart by all that stat says of
 * it, and each change moves the time of change, which nobody can set. Where that proves little (a
 * change that is younger than the clock's tick, file systems that answer from memory, another one
 * mounted in its place), it is bounded: a stamp counts for STAMP_MS. Thread-safe. */

#define STAMP_MS 250

/* What tells a file's contents from others'. */
struct file_version {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
};

/* To be called before what status tells of is read. False if it has just changed: its times may
 * hide another change. */
bool file_version_note(struct file_version *version, const struct stat *status);

bool file_version_same(const struct file_version *version, const struct stat *status);

struct file_stamp {
    bool usable;
    mode_t mode;
    uid_t owner;
    gid_t group;
    struct file_version version;
    int64_t taken; /* monotonic milliseconds */
};

/* To be called before what status tells of is read. Not usable if it has just changed. */
void file_stamp_take(struct file_stamp *stamp, const struct stat *status);

/* Whether path leads to the very file, unchanged. errno is not preserved. */
bool file_stamp_holds(const struct file_stamp *stamp, const char *path);

#endif
