#ifndef CURVESHIM_CERTS_TRUST_H
#define CURVESHIM_CERTS_TRUST_H

#include <stdbool.h>

#include "certs/store.h"

/* Notes in known_servers, which it creates if need be, that the servers at the endpoints of a glob
 * have a key. The first match counts there, so what an earlier line says of the same endpoints is
 * looked at: with the same key nothing is changed; with another one the change is refused unless
 * replace is set, which changes the key of the line with that glob, or puts the new line before the
 * one that would be found first. Comments and order stay. Says what it did. */
int trust(struct store *store, const char *glob, const uint8_t key[KEY_BYTES], bool replace,
          struct cert_error *error);

#endif
