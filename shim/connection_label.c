#include "shim/connection_label.h"

#include <string.h>

#include "shim/text.h"

#define BEGINNING "curveshim/"
#define FD_AT (sizeof BEGINNING - 1)
#define FD_DIGITS 5
#define ID_AT (FD_AT + FD_DIGITS + 1)
#define ID_DIGITS 12

void connection_label_write(char label[CONNECTION_LABEL + 1], int fd, uint64_t id)
{
    const char *end = label + CONNECTION_LABEL + 1;

    label = text_put(label, end, BEGINNING);
    label = text_put_hexadecimal(label, end, (unsigned)fd, FD_DIGITS);
    label = text_put(label, end, "/");
    label = text_put_hexadecimal(label, end, id, ID_DIGITS);
    (void)text_put(label, end, "/");
}

/* Lower-case hexadecimal digits and the slash behind them. */
static bool take(uint64_t *value, const char *text, size_t digits)
{
    static const char hexadecimal[] = "0123456789abcdef";

    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = memchr(hexadecimal, text[i], sizeof hexadecimal - 1);

        if (digit == NULL)
            return false;
        *value = *value * 16 + (uint64_t)(digit - hexadecimal);
    }
    return text[digits] == '/';
}

static bool read_label(const char *address, size_t size, uint64_t *fd, uint64_t *id)
{
    return size >= CONNECTION_LABEL && memcmp(address, BEGINNING, FD_AT) == 0 &&
           take(fd, address + FD_AT, FD_DIGITS) && take(id, address + ID_AT, ID_DIGITS);
}

bool connection_label_read(const char *address, int *fd, uint64_t *id)
{
    uint64_t number;

    if (!read_label(address, strlen(address), &number, id))
        return false;
    *fd = (int)number;
    return true;
}

size_t connection_label_size(const void *address, size_t size)
{
    uint64_t fd, id;

    return read_label(address, size, &fd, &id) ? CONNECTION_LABEL : 0;
}

const char *connection_label_skip(const char *address)
{
    return address + connection_label_size(address, strlen(address));
}
