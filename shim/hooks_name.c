#include <netdb.h>

#include "shim/hooks.h"
#include "shim/observer.h"
#include "shim/observer_outcome.h"
#include "shim/real_function.h"
#include "shim/routes.h"

REAL(int, getaddrinfo,
     (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list),
     (host, service, hints, list))

/* libzmq looks the host of an endpoint up right before it connects, in the same thread. */
EXPORT int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    int result = real_getaddrinfo(host, service, hints, list);

    if (observer_limit == 0 || host == NULL)
        return result;
    if (result == 0)
        routes_resolved(host, *list != NULL ? (*list)->ai_addr : NULL);
    else
        outcome_unresolved(host, result);
    return result;
}

void hooks_name_resolve(void)
{
    resolve_getaddrinfo();
}
