#ifndef CURVESHIM_SHIM_ZAP_DECISION_H
#define CURVESHIM_SHIM_ZAP_DECISION_H

#include "shim/authorized.h"
#include "shim/bindings.h"
#include "shim/zap.h"

/* What becomes of a client that asks a listener which the shim secured: it is decided, put off
 * until the program's own ZAP handler has answered if need be, and settled. Thread-safe. */

/* Fills in the decision, and what is known of the listener (zeros, if nothing is). The address of
 * the request has its label. */
void zap_decide(struct decision *decision, struct binding *binding,
                const struct zap_request *request);

/* The client was allowed, but the program's handler has a say. */
void zap_decision_put_off(const struct zap_request *request);
/* The program's handler allows it: whether it still is, by the set as it is now. */
void zap_decide_again(struct decision *decision, const struct binding *binding,
                      const struct zap_request *request);

/* That is what the client is told: remembers, counts and logs it. */
void zap_decision_settle(const struct decision *decision, const struct binding *binding,
                         const struct zap_request *request);

#endif
