#ifndef CURVESHIM_CERTS_Z85_H
#define CURVESHIM_CERTS_Z85_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 32
#define KEY_Z85 40

/* Z85 (ZeroMQ RFC 32) of CURVE keys: 32 bytes <-> 40 characters. Pure and thread-safe. */

/* Writes 40 characters and a NUL. */
void z85_encode_key(char text[KEY_Z85 + 1], const uint8_t key[KEY_BYTES]);

/* Decodes exactly length == 40 characters; false, with key untouched, for anything else: another
 * length, a character outside the alphabet, or a group above 2^32 - 1. */
bool z85_decode_key(uint8_t key[KEY_BYTES], const char *text, size_t length);

#endif
