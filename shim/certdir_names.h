#ifndef CURVESHIM_SHIM_CERTDIR_NAMES_H
#define CURVESHIM_SHIM_CERTDIR_NAMES_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "certs/error.h"

/* The names of the certificates in a directory, some at a time. For one thread. */

#define CERTDIR_NAMES 64

struct certdir_names {
    DIR *stream;
    int fd;     /* of the directory; the stream's */
    bool links; /* it holds symbolic links, so far */
    size_t count;
    char names[CERTDIR_NAMES][NAME_MAX + 1];
};

/* "*.key", but not hidden. */
bool certdir_is_name(const char *name);

/* NULL with *error if the directory can't be opened; close what was returned. */
struct certdir_names *certdir_names_open(const char *path, struct cert_error *error);
void certdir_names_close(struct certdir_names *names);

/* Fills in the next names. 0 with count 0 at the end, -1 with *error. */
int certdir_names_next(struct certdir_names *names, const char *path, struct cert_error *error);

/* Has the system read a file in advance: many at once take a disk little longer than one. */
void certdir_names_prefetch(const struct certdir_names *names, const char *name);

#endif
