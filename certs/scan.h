#ifndef CURVESHIM_CERTS_SCAN_H
#define CURVESHIM_CERTS_SCAN_H

#include <stddef.h>

#include "certs/certificate.h"

/* The names in a directory that end in suffix, hidden ones left out, sorted as strcmp does. */
struct names {
    size_t count;
    char **items; /* owned */
};

int names_read(struct names *names, int dirfd, const char *directory, const char *suffix,
               struct cert_error *error);
void names_free(struct names *names);

/* One certificate file of a directory. */
struct scanned {
    const char *name;                      /* in the directory */
    const char *path;                      /* for messages */
    const struct certificate *certificate; /* NULL if it can't be used: see error */
    const struct cert_error *error;        /* code 0: no error; else a warning, or why not */
};

typedef void (*scan_visit)(const struct scanned *scanned, void *context);

/* Reads each file that ends in suffix, with certificate_read and need. Everything passed to visit
 * is gone after it returns. -1 with *error if the directory can't be listed. */
int scan_certificates(int dirfd, const char *directory, const char *suffix, unsigned need,
                      scan_visit visit, void *context, struct cert_error *error);

#endif
