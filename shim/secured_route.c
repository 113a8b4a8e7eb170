#include "shim/secured_route.h"

#include <errno.h>

#include "shim/observer_clock.h"
#include "shim/routes.h"
#include "shim/text.h"

void secured_route(const struct attempt *attempt, const uint8_t *key, const char *source,
                   const char *resolved)
{
    const char *where = resolved[0] != '\0' ? resolved : attempt->endpoint;
    struct route route = {.server = attempt->call == CALL_BIND};
    int saved = errno;

    text_copy(route.endpoint, where);
    text_copy(route.source, source);
    if (key != NULL)
        z85_encode_key(route.key, key);
    routes_add(attempt->socket, &route, where);
    if (attempt->sock != NULL)
        __atomic_store_n(&attempt->sock->noted, true, __ATOMIC_RELAXED);
    observer_clock_start();
    errno = saved;
}
