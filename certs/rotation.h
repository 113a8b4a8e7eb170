#ifndef CURVESHIM_CERTS_ROTATION_H
#define CURVESHIM_CERTS_ROTATION_H

#include "certs/store.h"

/* Replaces the pair NAME in steps, between which the old key and the new one both work:
 *
 *   prepare   NAME.next.key_secret    the new pair, until it takes effect
 *             NAME.next.key
 *             authorized_clients/     the new key, where the old one was authorised
 *   switch    NAME.superseded.key*    a copy of the old pair
 *             NAME.key_secret         the new pair takes effect, by rename
 *             NAME.key
 *             authorized_clients/     the old key is marked as superseded
 *   finish    authorized_clients/     without the old key
 *             NAME.superseded.key*    removed
 *
 * Each change is durable before the next and is skipped when it was made before, so a run that was
 * cut short is completed by another. A program that binds while there is a second pair, the next or
 * the superseded one, accepts clients of both server keys. */

#define ROTATION_SUPERSEDED "superseded" /* metadata: since when, of an authorised certificate */

int rotation_prepare(struct store *store, const char *name, struct cert_error *error);

/* Prepares what is not prepared. */
int rotation_switch(struct store *store, const char *name, struct cert_error *error);

/* revoke: the old key also goes into revoked/. */
int rotation_finish(struct store *store, const char *name, bool revoke, struct cert_error *error);

/* The same for a client whose pair is kept elsewhere. The certificate in file, its next one, is
 * authorised with what NAME.key in authorized_clients/ may do, and that one is marked; finish takes
 * away what is marked. */
int rotation_authorize(struct store *store, const char *name, const char *file,
                       struct cert_error *error);

#endif
