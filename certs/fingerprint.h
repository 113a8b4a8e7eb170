#ifndef CURVESHIM_CERTS_FINGERPRINT_H
#define CURVESHIM_CERTS_FINGERPRINT_H

#include <stdint.h>

#include "certs/z85.h"

/* "SHA256:" and the base64 of the hash of the 32 bytes of a public key, as ssh shows keys. */
#define FINGERPRINT_SIZE 56

void fingerprint_format(char text[FINGERPRINT_SIZE], const uint8_t key[KEY_BYTES]);

#endif
