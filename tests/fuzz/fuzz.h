#ifndef CURVESHIM_TESTS_FUZZ_FUZZ_H
#define CURVESHIM_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What every target has: the entry point of libFuzzer, and checks that end the run. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Bytes as a NUL-terminated text of its own, which the caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Takes the front of the input off: up to the first byte separator, or all of it. */
struct fuzz_piece {
    const uint8_t *data;
    size_t size;
};
struct fuzz_piece fuzz_cut(const uint8_t **data, size_t *size, uint8_t separator);

#endif
