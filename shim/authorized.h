#ifndef CURVESHIM_SHIM_AUTHORIZED_H
#define CURVESHIM_SHIM_AUTHORIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/config.h"
#include "shim/decision.h"

/* Who may connect: the certificates in authorized_clients/ and revoked/ and the address lists, as
 * they are now. One set for the process, kept up to date by whichever authenticator is awake.
 * Thread-safe; a look-up costs the same at any number of keys. */

/* Loads the set if it was never loaded. 0, or -1 with *error: there is nothing to authenticate
 * with, so nothing may be bound. config is kept for ever. */
int authorized_load(const struct config *config, struct cert_error *error);

/* How many certificates authorise somebody. Without a load, the number of files. */
size_t authorized_count(const struct config *config);

/* An authenticator starts or ends; the watcher lives from the first to the last. */
void authorized_attach(void);
void authorized_detach(void);

/* Called now and then where there is much to read, so that nobody waits for an answer meanwhile;
 * true: the caller is ending, leave the rest. */
struct authorized_pause {
    bool (*function)(void *argument);
    void *argument;
};

/* Does what there is to do, without waiting for another thread that is at it. readable: the
 * descriptor of the last call can be read. Then *fd is a descriptor to wait on for reading (-1:
 * none), and the result how many milliseconds to wait at the most (-1: for ever). */
long authorized_work(int *fd, bool readable, const struct authorized_pause *pause);

/* Changes whenever the set does. */
unsigned long authorized_version(void);

/* ipc: there is no address, the address lists don't apply. */
void authorized_decide(struct decision *decision, const uint8_t key[KEY_BYTES], bool ipc,
                       const struct access *access);

/* In the child of a fork. */
void authorized_forked(void);

#endif
