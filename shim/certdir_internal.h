#ifndef CURVESHIM_SHIM_CERTDIR_INTERNAL_H
#define CURVESHIM_SHIM_CERTDIR_INTERNAL_H

#include "shim/certdir.h"

/* The files of a certdir, one by one. For the one thread that changes it; LOCK_AUTHORIZED is taken
 * for each change. */

struct certdir_file *certdir_find_file(const struct certdir *directory, const char *name);
void certdir_remove_file(struct certdir *directory, struct certdir_file *file);

/* Brings one up to date, in the directory dirfd; unless always, only if it looks changed. */
void certdir_look_at(struct certdir *directory, int dirfd, const char *name, bool always,
                     int64_t now);

#endif
