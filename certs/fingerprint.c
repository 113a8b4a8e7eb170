#include "certs/fingerprint.h"

#include <string.h>

#include "certs/sha256.h"

void fingerprint_format(char text[FINGERPRINT_SIZE], const uint8_t key[KEY_BYTES])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t hash[SHA256_BYTES + 1] = {0};
    char *at = text + 7;

    sha256_short(hash, key, KEY_BYTES);
    memcpy(text, "SHA256:", 7);
    for (unsigned bit = 0; bit < SHA256_BYTES * 8; bit += 6) {
        unsigned two = (unsigned)hash[bit / 8] << 8 | hash[bit / 8 + 1];

        *at++ = letters[two >> (10 - bit % 8) & 63];
    }
    *at = '\0';
}
