#ifndef CURVESHIM_CERTS_KEYSET_H
#define CURVESHIM_CERTS_KEYSET_H

#include <stddef.h>

#include "certs/certificate.h"

/* Which public keys a directory of certificates holds, and in which files. */
struct keyset_entry {
    uint8_t key[KEY_BYTES];
    char *file; /* in the directory; owned */
    char *name; /* metadata "name", "" without one; owned */
};

struct keyset {
    size_t count, room;
    struct keyset_entry *entries; /* owned */
    unsigned unreadable;
};

/* Reads *.key. Files that can't be read are complained about and counted. dirfd -1 is an empty
 * directory. */
int keyset_load(struct keyset *set, int dirfd, const char *directory, struct cert_error *error);

int keyset_add(struct keyset *set, const uint8_t key[KEY_BYTES], const char *file,
               const char *name);

/* The first file with that key, or NULL. */
const char *keyset_find(const struct keyset *set, const uint8_t key[KEY_BYTES]);

void keyset_free(struct keyset *set);

#endif
