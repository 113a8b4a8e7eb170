#ifndef CURVESHIM_CERTS_VERIFY_H
#define CURVESHIM_CERTS_VERIFY_H

#include "certs/store.h"

/* What the shim would refuse in a certificate directory, and what an operator would trip over.
 * Each finding is printed as it is made: a problem with its remedy, or a note. */

struct findings {
    unsigned problems;
    unsigned notes;
};

void verify_problem(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void verify_note(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The directories themselves, and which roles their files allow. */
void verify_layout(const struct store *store, struct findings *findings);

/* The pairs of DIR. */
void verify_pairs(const struct store *store, struct findings *findings);

/* authorized_clients/ and revoked/. */
void verify_authorized(const struct store *store, struct findings *findings);

/* DIR/known_servers, if it is there. */
void verify_known_servers(const struct store *store, struct findings *findings);

#endif
