#include "shim/text.h"

#include <string.h>

char *text_put_some(char *at, const char *end, const char *text, size_t most)
{
    size_t room = (size_t)(end - at) - 1, length = strnlen(text, most < room ? most : room);

    memcpy(at, text, length);
    at[length] = '\0';
    return at + length;
}

char *text_put(char *at, const char *end, const char *text)
{
    return text_put_some(at, end, text, SIZE_MAX);
}

char *text_put_number(char *at, const char *end, uint64_t number)
{
    char digits[21], *first = digits + sizeof digits - 1;

    *first = '\0';
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return text_put(at, end, first);
}

char *text_put_hexadecimal(char *at, const char *end, uint64_t number, unsigned digits)
{
    char text[17];

    for (unsigned i = digits; i-- > 0; number >>= 4)
        text[i] = "0123456789abcdef"[number & 15];
    text[digits] = '\0';
    return text_put(at, end, text);
}

char *text_put_ip4(char *at, const char *end, const void *address)
{
    const unsigned char *bytes = address;
    char text[16], *next = text;

    for (int i = 0; i < 4; i++) {
        if (bytes[i] >= 100)
            *next++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *next++ = (char)('0' + bytes[i] / 10 % 10);
        *next++ = (char)('0' + bytes[i] % 10);
        *next++ = '.';
    }
    next[-1] = '\0';
    return text_put(at, end, text);
}
