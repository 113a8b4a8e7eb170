#ifndef CURVESHIM_SHIM_DECISION_H
#define CURVESHIM_SHIM_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/certdir.h"
#include "shim/config.h"
#include "shim/policy.h"

/* Whether a client may connect, by what is configured and what its certificate says. */

struct decision {
    int status;         /* ZAP: 200, 300 or 400 */
    const char *reason; /* static */
    bool superseded;    /* accepted, with a key that a newer one is to replace */
    int64_t changes;    /* when time alone makes another of it; INT64_MAX: never */
    int64_t begins;     /* set back before it, the clock undoes it; INT64_MIN: never */
    char name[256];     /* of the certificate; "" if there is none */
};

/* By its certificate; revoked comes before all else. With LOCK_AUTHORIZED held. */
void decision_by_key(struct decision *decision, const struct config *config,
                     const struct certdir *authorized, const struct certdir *revoked,
                     const uint8_t key[KEY_BYTES], const struct access *access);

/* Takes back what was allowed where the address lists do not allow it. access->address NULL: there
 * is none, and they do not apply. */
void decision_by_address(struct decision *decision, const struct config *config,
                         const struct access *access);

#endif
