#ifndef CURVESHIM_CERTS_TEXT_FILE_H
#define CURVESHIM_CERTS_TEXT_FILE_H

#include <stddef.h>

#include "certs/error.h"

#define TEXT_FILE_MAX (1024 * 1024)

/* Reads a whole text file of an operator; name is relative to dirfd, directory is its path for
 * error texts ("" for none). Refuses what is not a regular file of at most TEXT_FILE_MAX bytes, or
 * can be written by others. To be freed; NULL with *error, code ENOENT if it is not there. */
char *text_file_read(int dirfd, const char *name, const char *directory, size_t *length,
                     struct cert_error *error);

#endif
