#ifndef CURVESHIM_SHIM_CERTDIR_H
#define CURVESHIM_SHIM_CERTDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/file_stamp.h"
#include "shim/policy.h"
#include "shim/table.h"

/* A directory of "*.key" certificates, kept in memory. Files are read one by one, and only those
 * that changed; what can't be read or parsed never touches the others.
 *
 * The functions that change it are for one thread at a time and take LOCK_AUTHORIZED for each
 * change; look-ups are for any thread that holds LOCK_AUTHORIZED. Where the process has no
 * descriptor left, they read all the same, where the kernel lets them. */

#define CERTDIR_RETRY_MS 400
#define CERTDIR_GRACE_MS 2000 /* a file that can't be parsed counts as being written */

struct certdir_file {
    struct table_node by_name;
    struct table_node by_key;
    struct policy *policy; /* NULL: authorises nobody */
    struct file_version version;
    bool recent;          /* changed just before it was read: its times may hide another change */
    int64_t broken_since; /* monotonic milliseconds; 0: it is not */
    bool reported;
    bool unread; /* out of reach, and reported as such */
    unsigned long seen;
    char name[];
};

enum certdir_way {
    CERTDIR_USUAL,
    CERTDIR_APART, /* for want of descriptors, by a thread that has its own (apart.h) */
    CERTDIR_SCARCE /* which is not to be had */
};

struct certdir {
    const char *path; /* borrowed */
    bool revokes;     /* a broken file keeps what it revoked before */
    struct table files;
    struct table keys;
    unsigned long scans;
    bool links;   /* it holds symbolic links: what they point to is not watched */
    bool unread;  /* something was out of reach: scan again */
    bool crowded; /* it was for want of descriptors */
    enum certdir_way way;
    unsigned long changes; /* of what is in force */
    bool unsettled;        /* broken files wait for their grace to end */
    /* Called now and then in a long scan; true ends it. NULL: never. */
    bool (*interrupt)(void);
};

/* Reads what is new or changed, and forgets what is gone. 0, or -1 with *error and nothing
 * forgotten (the directory is missing, can't be read, or others can write it; EINTR: the scan was
 * interrupted). */
int certdir_scan(struct certdir *directory, int64_t now, struct cert_error *error);

/* The same for one file name, whatever its times say. */
void certdir_touch(struct certdir *directory, const char *name, int64_t now);

/* Looks again at broken files; milliseconds until it wants to be called next, or -1. */
long certdir_settle(struct certdir *directory, int64_t now);

/* The file that counts for a key (of several, the first by name), or NULL. */
const struct certdir_file *certdir_find(const struct certdir *directory,
                                        const uint8_t key[KEY_BYTES]);

#endif
