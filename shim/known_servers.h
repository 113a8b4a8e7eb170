#ifndef CURVESHIM_SHIM_KNOWN_SERVERS_H
#define CURVESHIM_SHIM_KNOWN_SERVERS_H

#include <stddef.h>

#include "certs/error.h"

/* The known_servers file: a line each, "ENDPOINT-GLOB  CERT-FILE-or-Z85"; blank lines and lines
 * that start with '#' are skipped. Pure. */

#define KNOWN_SERVER_WORD 1024

struct known_server {
    char glob[KNOWN_SERVER_WORD];
    char value[KNOWN_SERVER_WORD]; /* a file's name or a Z85 key */
    unsigned line;
};

struct known_servers {
    const char *text; /* borrowed */
    size_t length;
    const char *file; /* for error texts; borrowed */
    size_t at;
    unsigned line;
};

void known_servers_start(struct known_servers *reader, const char *text, size_t length,
                         const char *file);

/* 1 and *entry filled, 0 at the end, -1 for a malformed line (*error names file and line). */
int known_servers_next(struct known_servers *reader, struct known_server *entry,
                       struct cert_error *error);

/* The first entry whose glob matches endpoint: 1, or 0 if there is none; -1 if any line of the
 * text, matched or not, is malformed. */
int known_servers_find(struct known_server *found, const char *text, size_t length,
                       const char *file, const char *endpoint, struct cert_error *error);

#endif
