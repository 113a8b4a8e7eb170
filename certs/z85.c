#include "certs/z85.h"

#include "certs/wipe.h"

static const char alphabet[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

void z85_encode_key(char text[KEY_Z85 + 1], const uint8_t key[KEY_BYTES])
{
    for (int group = 0; group < KEY_BYTES / 4; group++) {
        const uint8_t *in = key + 4 * group;
        uint32_t value =
            (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];

        for (int i = 4; i >= 0; i--) {
            text[5 * group + i] = alphabet[value % 85];
            value /= 85;
        }
    }
    text[KEY_Z85] = '\0';
}

static int z85_digit(char c)
{
    if (c == '\0')
        return -1;
    const char *at = strchr(alphabet, c);
    return at == NULL ? -1 : (int)(at - alphabet);
}

bool z85_decode_key(uint8_t key[KEY_BYTES], const char *text, size_t length)
{
    uint8_t out[KEY_BYTES];

    if (length != KEY_Z85)
        return false;
    for (int group = 0; group < KEY_BYTES / 4; group++) {
        uint64_t value = 0;

        for (int i = 0; i < 5; i++) {
            int digit = z85_digit(text[5 * group + i]);
            if (digit < 0)
                return false;
            value = value * 85 + (unsigned)digit;
        }
        if (value > UINT32_MAX)
            return false;
        for (int i = 0; i < 4; i++)
            out[4 * group + i] = (uint8_t)(value >> (24 - 8 * i));
    }
    memcpy(key, out, KEY_BYTES);
    wipe(out, sizeof out);
    return true;
}
