#ifndef CURVESHIM_CERTS_ROTATION_H
#define CURVESHIM_CERTS_ROTATION_H

#include "certs/store.h"

/* Replaces the pair NAME in two steps, between which the old key and the new one both work:
 *
 *   start   NAME.next.key_secret      the new pair, until it takes effect
 *           authorized_clients/       the new key, where the old one was authorised
 *           NAME.superseded.key*      a copy of the old pair
 *           NAME.key_secret           the new pair takes effect, by rename
 *           NAME.key
 *   finish  authorized_clients/       without the old key
 *           NAME.superseded.key*      removed
 *
 * Each step is durable before the next and is skipped when it was done before, so a run that was
 * cut short is completed by another. */

int rotation_start(struct store *store, const char *name, struct cert_error *error);

/* revoke: the old key also goes into revoked/. */
int rotation_finish(struct store *store, const char *name, bool revoke, struct cert_error *error);

#endif
