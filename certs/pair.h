#ifndef CURVESHIM_CERTS_PAIR_H
#define CURVESHIM_CERTS_PAIR_H

#include "certs/certificate.h"
#include "certs/metadata.h"
#include "certs/pair_name.h"
#include "certs/write.h"

/* Key pairs and the files that hold them. */

/* Whether a certificate's two keys belong together. */
bool pair_matches(const struct certificate *certificate);

/* A public key of low order, with which no secret is shared: whoever presents it proves nothing. */
bool pair_key_is_weak(const uint8_t public_key[KEY_BYTES]);

/* Makes a key pair and writes it as a secret certificate (0600) under file, which must not exist.
 * public_key receives its public half. */
int pair_write_secret(int dirfd, const char *directory, const char *file,
                      const struct metadata *metadata, const struct owner *owner,
                      uint8_t public_key[KEY_BYTES], struct cert_error *error);

/* Writes the secret certificate that was read from elsewhere under file. */
int pair_copy_secret(int dirfd, const char *directory, const char *file,
                     const struct certificate *certificate, enum write_how how,
                     const struct owner *owner, struct cert_error *error);

/* Writes a public certificate (0644). */
int pair_write_public(int dirfd, const char *directory, const char *file,
                      const struct metadata *metadata, const uint8_t public_key[KEY_BYTES],
                      enum write_how how, const struct owner *owner, struct cert_error *error);

/* The time, as certificates show when they were made. */
#define PAIR_DATE 32
void pair_today(char text[PAIR_DATE]);

/* NAME.key_secret and NAME.key, neither of which may exist. */
int pair_write_new(int dirfd, const char *directory, const char *name,
                   const struct metadata *metadata, const struct owner *owner,
                   uint8_t public_key[KEY_BYTES], struct cert_error *error);

#endif
