#include "certs/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t printable_character(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)text[0];
    size_t length = sequence_length(lead);
    uint32_t point;

    if (length == 0)
        return 0;
    if (length == 1)
        return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    point = lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text[i];

        if ((next & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (next & 0x3f);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return point >= 0x80 && point < 0xa0 ? 0 : length;
}

bool printable(const char *text)
{
    while (*text != '\0') {
        size_t length = printable_character(text);

        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

void printable_copy(char *to, size_t size, const char *text)
{
    size_t used = 0;

    while (*text != '\0') {
        size_t length = printable_character(text);
        char hex[5];

        if (length == 0)
            snprintf(hex, sizeof hex, "\\x%02x", (unsigned char)*text);
        if (used + (length != 0 ? length : 4) >= size)
            break;
        memcpy(to + used, length != 0 ? text : hex, length != 0 ? length : 4);
        used += length != 0 ? length : 4;
        text += length != 0 ? length : 1;
    }
    to[used] = '\0';
}
