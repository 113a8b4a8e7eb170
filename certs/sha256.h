#ifndef CURVESHIM_CERTS_SHA256_H
#define CURVESHIM_CERTS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_SHORT 55

/* SHA-256 (FIPS 180-4) of at most SHA256_SHORT bytes, which fill one block: enough for keys. Pure:
 * the shim has no libsodium. */
void sha256_short(uint8_t digest[SHA256_BYTES], const void *bytes, size_t size);

#endif
