#include "shim/secured_route.h"

#include <errno.h>
#include <stdio.h>

#include "shim/observer_clock.h"
#include "shim/routes.h"

void secured_route(const struct attempt *attempt, const uint8_t *key, const char *source,
                   const char *resolved)
{
    struct route route = {.server = attempt->call == CALL_BIND};
    int saved = errno;

    snprintf(route.endpoint, sizeof route.endpoint, "%s",
             resolved[0] != '\0' ? resolved : attempt->endpoint);
    snprintf(route.source, sizeof route.source, "%s", source);
    if (key != NULL) {
        z85_encode_key(route.key.text, key);
        fingerprint_format(route.key.fingerprint, key);
    }
    routes_add(attempt->socket, &route, resolved[0] != '\0' ? resolved : attempt->endpoint);
    if (attempt->sock != NULL)
        __atomic_store_n(&attempt->sock->noted, true, __ATOMIC_RELAXED);
    observer_clock_start();
    errno = saved;
}
