#ifndef CURVESHIM_CERTS_ROTATION_INTERNAL_H
#define CURVESHIM_CERTS_ROTATION_INTERNAL_H

#include "certs/certificate.h"
#include "certs/store.h"

/* What rotation.c, rotation_authorized.c and rotation_finish.c share. */

struct rotation {
    struct store *store;
    const char *name;
    char secret_file[256], public_file[256];
    char next_file[256], next_public_file[256];
    char old_secret_file[256], old_public_file[256];
    struct certificate *current; /* NAME.key_secret */
    struct certificate *other;   /* NAME.next.key_secret, or the superseded one */
};

/* Reads the pair NAME. End it with rotation_end, also after a failure. */
int rotation_begin(struct rotation *r, struct store *store, const char *name,
                   struct cert_error *error);
void rotation_end(struct rotation *r);

bool rotation_exists(const struct rotation *r, const char *file);
int rotation_read(const struct rotation *r, struct certificate *certificate, const char *file,
                  unsigned need, struct cert_error *error);

/* Makes what a first step that was cut short left out: 1 if something was missing, 0 if nothing. */
int rotation_complete(struct rotation *r, struct cert_error *error);

/* Authorises the key of r->other with what the key of r->current may do: 0 if that of r->current is
 * not authorised itself, 1 if both were, ROTATION_AUTHORIZED_NOW if both are from now on. */
#define ROTATION_AUTHORIZED_NOW 2
int rotation_authorize_next(struct rotation *r, struct cert_error *error);

/* Notes in each authorised certificate of a key that a newer one replaces it. */
int rotation_mark(struct store *store, const uint8_t key[KEY_BYTES], struct cert_error *error);

#endif
