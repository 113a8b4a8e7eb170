#ifndef CURVESHIM_SHIM_AUTH_EVENT_H
#define CURVESHIM_SHIM_AUTH_EVENT_H

#include "shim/authorized.h"
#include "shim/bindings.h"

/* The "auth" events. Thread-safe. */

struct auth_asker {
    const uint8_t *key;
    const char *address;
    const struct binding *binding;
};

/* What the authenticator decided about a client that asks to be let in. */
void auth_event_decided(const struct decision *decision, const struct auth_asker *asker);

/* The connection of a client that was let in lasts, and uses a superseded key. */
void auth_event_in_use(const struct decision *decision, const struct auth_asker *asker);

/* A client that was let in is not allowed any more, and its connection was ended. */
void auth_event_ended(const struct decision *decision, const struct auth_asker *asker);

#endif
