#ifndef CURVESHIM_CERTS_WRITE_H
#define CURVESHIM_CERTS_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "certs/error.h"

/* Durable, atomic changes to a directory: a reader sees the old file or the whole new one, and what
 * was reported as done survives a power cut. */

struct owner {
    bool set;
    uid_t uid;
    gid_t gid;
};

enum write_how {
    WRITE_NEW,     /* EEXIST if the name is taken */
    WRITE_REPLACE, /* takes the place of what was there */
};

/* directory is dirfd's path, for error texts. mode is set whatever the umask; the file is readable
 * by nobody else before it has its owner. -1 with *error. */
int write_file(int dirfd, const char *directory, const char *name, const char *text, size_t length,
               mode_t mode, enum write_how how, const struct owner *owner,
               struct cert_error *error);

/* Creates a directory (0755) unless it is there. 1 if it made it, 0 if not, -1 with *error. */
int write_directory(int dirfd, const char *directory, const char *name, const struct owner *owner,
                    struct cert_error *error);

/* Creates path and the directories above it that are not there. */
int write_directories(const char *path, const struct owner *owner, struct cert_error *error);

/* A directory under a temporary name, to be filled and then put in its place at once. *made is its
 * descriptor, temporary (WRITE_TEMPORARY bytes) its name. */
#define WRITE_TEMPORARY 64
int write_directory_start(int dirfd, const char *directory, char *temporary, int *made,
                          const struct owner *owner, struct cert_error *error);
int write_directory_finish(int dirfd, const char *directory, const char *temporary,
                           const char *name, struct cert_error *error);
/* Instead of that: removes it, and the files in it. */
void write_directory_drop(int dirfd, const char *temporary);

/* Removes a file durably. A file that is gone already is no error. */
int write_remove(int dirfd, const char *directory, const char *name, struct cert_error *error);

/* Gives a file another name, in place of what had it, durably. */
int write_rename(int dirfd, const char *directory, const char *from, const char *to,
                 struct cert_error *error);

/* Makes the names in a directory durable. */
int write_sync(int dirfd, const char *directory, struct cert_error *error);

/* Removes what killed runs left behind. Only for the holder of the directory's lock. */
void write_sweep(int dirfd);

#endif
