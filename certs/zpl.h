#ifndef CURVESHIM_CERTS_ZPL_H
#define CURVESHIM_CERTS_ZPL_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/error.h"

/* A reader for ZPL (ZeroMQ Property Language, RFC 4) as czmq's zconfig and pyzmq write it.
 *
 * Each line is blank, a comment, or NAME or NAME = VALUE, nested by indentation. Quotes are
 * honoured before comments, so a quoted value may contain '#'. Unquoted values end at '#' and lose
 * the white space around them. Pure, no allocation; one reader per thread. */

#define ZPL_DEPTH 8
#define ZPL_PATH 256
#define ZPL_VALUE 2048

struct zpl_reader {
    const char *at;
    const char *end;
    const char *file; /* for error texts; borrowed */
    unsigned line;
    int depth;
    struct {
        int indent;
        size_t path_length;
    } stack[ZPL_DEPTH];
    char path[ZPL_PATH];
};

struct zpl_item {
    const char *path; /* "curve/public-key"; valid until the next call */
    unsigned line;
    bool has_value;
    size_t length;
    char value[ZPL_VALUE]; /* NUL-terminated; may be a secret: wipe it */
};

/* Starts on length bytes of text, which must outlive the reader. */
void zpl_start(struct zpl_reader *reader, const char *text, size_t length, const char *file);

/* 1 and *item filled, 0 at the end, -1 with *error naming file and line. */
int zpl_next(struct zpl_reader *reader, struct zpl_item *item, struct cert_error *error);

#endif
