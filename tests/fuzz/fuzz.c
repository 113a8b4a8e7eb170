#include "tests/fuzz/fuzz.h"

#include <string.h>

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

struct fuzz_piece fuzz_cut(const uint8_t **data, size_t *size, uint8_t separator)
{
    const uint8_t *end = *size > 0 ? memchr(*data, separator, *size) : NULL;
    struct fuzz_piece piece = {*data, end != NULL ? (size_t)(end - *data) : *size};
    size_t used = piece.size + (end != NULL);

    *data += used;
    *size -= used;
    return piece;
}
