#ifndef CURVESHIM_CERTS_STORE_H
#define CURVESHIM_CERTS_STORE_H

#include <stdbool.h>

#include "certs/keyset.h"
#include "certs/metadata.h"
#include "certs/write.h"

/* A certificate directory, opened by one run of curveshim-cert. */

#define AUTHORIZED "authorized_clients"
#define REVOKED "revoked"

struct subdirectory {
    int fd; /* -1: it is not there */
    char *path;
};

struct store {
    const char *path; /* without trailing slashes; owned */
    int fd;
    struct subdirectory authorized;
    struct subdirectory revoked;
    struct owner owner; /* of what is created: that of DIR, where root can give it */
};

/* Opens DIR. To change it (locked against other runs; what killed runs left is swept) it must be
 * one that the shim would accept. Close it with store_close, also after a failure. */
int store_open(struct store *store, const char *path, bool change, struct cert_error *error);
void store_close(struct store *store);

/* Creates revoked/ or authorized_clients/ (empty) unless it is there. 1 if it made it. */
int store_make(struct store *store, const char *name, struct cert_error *error);

/* Opens the subdirectories that have come to exist. */
int store_reopen(struct store *store, struct cert_error *error);

/* Writes a public certificate into a subdirectory as STEM.key, or as STEM~2.key and so on where
 * that is taken. No NAME has a '~' in it: what follows one is a number. file receives the name. */
int store_add(struct store *store, const struct subdirectory *to, const char *stem,
              const struct metadata *metadata, const uint8_t key[KEY_BYTES], char file[256],
              struct cert_error *error);

/* Whether file is STEM.key or STEM~N.key. */
bool store_is_named(const char *file, const char *stem);

/* Removes every file of a subdirectory that holds key; says which. Returns how many, or -1. */
int store_remove(const struct subdirectory *from, const uint8_t key[KEY_BYTES],
                 struct cert_error *error);

#endif
