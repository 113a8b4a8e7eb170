#include "certs/fingerprint.h"

#include <sodium.h>
#include <string.h>

void fingerprint_format(char text[FINGERPRINT_SIZE], const uint8_t key[KEY_BYTES])
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, key, KEY_BYTES);
    memcpy(text, "SHA256:", 7);
    sodium_bin2base64(text + 7, FINGERPRINT_SIZE - 7, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
