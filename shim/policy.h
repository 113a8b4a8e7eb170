#ifndef CURVESHIM_SHIM_POLICY_H
#define CURVESHIM_SHIM_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/certificate.h"
#include "shim/cidr.h"
#include "shim/glob.h"

/* What an authorised certificate allows its holder. Pure; immutable once made. */
struct policy {
    uint8_t key[KEY_BYTES];
    char *name; /* metadata "name", else the file's name without ".key" */
    bool has_endpoints;
    struct glob_list endpoints;
    bool has_addresses;
    struct cidr_list addresses;
    int64_t not_before; /* seconds since 1970 UTC */
    int64_t expires;
    bool superseded; /* by a newer key of the same holder, in a rotation: it still counts */
};

/* Takes the policy from a certificate's metadata. file is for error texts, stem for the name.
 * NULL with *error (a value that can't be understood, or out of memory); else free it with
 * policy_free. */
struct policy *policy_new(const struct certificate *certificate, const char *file, const char *stem,
                          struct cert_error *error);
/* The same for a revoked certificate: nothing but the key and the name is looked at, so that no
 * other fault in the file can keep it from being revoked. */
struct policy *policy_new_revoked(const struct certificate *certificate, const char *file,
                                  const char *stem, struct cert_error *error);
void policy_free(struct policy *policy);

/* Who asks for what. */
struct access {
    const char *address;  /* numeric, as in the ZAP request; NULL for ipc */
    const char *endpoint; /* as the program passed it to zmq_bind */
    const char *resolved; /* ZMQ_LAST_ENDPOINT; "" if not known */
    int64_t now;          /* seconds since 1970 UTC */
};

/* NULL if the policy allows it, else why not: "expired", "not yet valid", "endpoint not allowed",
 * "address not allowed" (static strings). */
const char *policy_refusal(const struct policy *policy, const struct access *access);

/* The first moment after now at which, by time alone, the policy allows what it refuses now or
 * refuses what it allows now (seconds since 1970 UTC); INT64_MAX: there is none. */
int64_t policy_next_change(const struct policy *policy, int64_t now);

#endif
