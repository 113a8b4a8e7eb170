#include "shim/nearest.h"

#include <string.h>

#define LONGEST 64

static unsigned distance(const char *a, size_t a_length, const char *b)
{
    unsigned row[LONGEST + 1];
    size_t b_length = strlen(b);

    if (b_length > LONGEST)
        b_length = LONGEST;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);
            unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = replaced < best ? replaced : best;
        }
    }
    return row[b_length];
}

const char *nearest(const char *word, size_t length, const char *const *candidates, size_t count)
{
    const char *best = candidates[0];
    unsigned least = distance(word, length, best);

    for (size_t i = 1; i < count; i++) {
        unsigned d = distance(word, length, candidates[i]);

        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}
