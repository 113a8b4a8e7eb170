#ifndef CURVESHIM_CERTS_REVOCATION_H
#define CURVESHIM_CERTS_REVOCATION_H

#include "certs/store.h"

/* Puts a certificate's key into revoked/ (see store_add) unless it is there, and
 * after that removes every file with it from authorized_clients/: at no moment is a key neither
 * revoked nor listed. Says what it did. */
int revocation(struct store *store, const struct certificate *certificate, const char *stem,
               struct cert_error *error);

#endif
