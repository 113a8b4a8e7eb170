#ifndef CURVESHIM_SHIM_REPORT_H
#define CURVESHIM_SHIM_REPORT_H

#include "shim/attempt.h"

/* The lines about binds and connects. errno is left alone. */

/* What a secured socket was given. */
struct identity {
    const char *key;        /* own public key, Z85 */
    const char *second_key; /* of a server that is rotated, Z85; NULL: there is none */
    const char *server_key; /* of the server, Z85; NULL for a bind */
    const char *source;     /* where the server's key came from; NULL for a bind */
    const char *resolved;   /* ZMQ_LAST_ENDPOINT; NULL if not known */
};

void report_secured(const struct attempt *attempt, const struct identity *identity);
/* A socket that never reconnects has connected to a server whose key is being rotated. */
void report_connects_once(const struct attempt *attempt);
void report_own_curve(const struct attempt *attempt);
void report_plaintext(const struct attempt *attempt);
void report_refused(const struct attempt *attempt, const struct cert_error *error);
/* The event's reason for a call that fails with that errno. Static. */
const char *report_reason(int code);

/* SECURE_ZMQ=audit: what would have been done, and what it takes to map a fleet. Of *identity only
 * resolved counts unless it is VERDICT_SECURE; error is for VERDICT_REFUSE; failure is the errno of
 * the real call, or 0. */
void report_audit(const struct attempt *attempt, enum verdict verdict,
                  const struct identity *identity, const struct cert_error *error, int failure);

/* Once per process: warnings about the configuration; and that the process is in clear although
 * other variables are set. */
void report_configuration(const struct config *config);
/* Once per process: the start-up line, and what there is to say about the library and the set. */
void report_start(const struct config *config, const struct zmqlib *lib);
/* Once per process: everybody may connect. */
void report_any(void);

#endif
