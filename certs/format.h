#ifndef CURVESHIM_CERTS_FORMAT_H
#define CURVESHIM_CERTS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "certs/metadata.h"

/* Writes certificates as ZPL that czmq, pyzmq and certificate_parse read back. Pure. */

/* Fills text (CERT_FILE_MAX bytes) with a certificate; secret_key is NULL for a public one; date
 * goes into the heading. Returns the length, or -1 with *error when the metadata is too much. */
long certificate_format(char *text, const struct metadata *metadata,
                        const uint8_t public_key[KEY_BYTES], const uint8_t *secret_key,
                        const char *date, struct cert_error *error);

#endif
