#ifndef CURVESHIM_CERTS_RESOLVE_H
#define CURVESHIM_CERTS_RESOLVE_H

#include "certs/store.h"

/* Which keys a NAME, FILE or KEY on the command line means. */

#define TARGETS_MAX 64

struct target {
    struct certificate *certificate; /* owned; without secret key */
    char stem[256];                  /* for the name of a new file */
};

struct targets {
    unsigned count;
    struct target items[TARGETS_MAX];
};

/* 0 with at least one target, or -1 with *error. Pass targets to targets_free either way. */
int resolve(const struct store *store, const char *what, struct targets *targets,
            struct cert_error *error);
void targets_free(struct targets *targets);

#endif
