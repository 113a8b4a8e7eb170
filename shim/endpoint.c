#include "shim/endpoint.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum transport endpoint_transport(const char *endpoint)
{
    const char *separator = strstr(endpoint, "://");
    size_t length;

    if (separator == NULL)
        return TRANSPORT_NONE;
    length = (size_t)(separator - endpoint);
    if (length == 6 && memcmp(endpoint, "inproc", 6) == 0)
        return TRANSPORT_INPROC;
    if (length == 3 && memcmp(endpoint, "tcp", 3) == 0)
        return TRANSPORT_TCP;
    if (length == 3 && memcmp(endpoint, "ipc", 3) == 0)
        return TRANSPORT_IPC;
    return TRANSPORT_OTHER;
}

static bool spell(const char *host, bool ipv6, const char *port,
                  bool (*visit)(const void *argument, const char *resolved), const void *argument)
{
    char resolved[320];

    snprintf(resolved, sizeof resolved, ipv6 ? "tcp://[%s]:%s" : "tcp://%s:%s", host, port);
    return visit(argument, resolved);
}

static bool interface(const char *name, const char *port,
                      bool (*visit)(const void *argument, const char *resolved),
                      const void *argument)
{
    struct ifaddrs *list = NULL;
    bool result = false;

    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *at = list; at != NULL && !result; at = at->ifa_next) {
        char host[NI_MAXHOST];
        int family = at->ifa_addr != NULL ? at->ifa_addr->sa_family : AF_UNSPEC;
        socklen_t size =
            family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

        if ((family != AF_INET && family != AF_INET6) || strcmp(at->ifa_name, name) != 0 ||
            getnameinfo(at->ifa_addr, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        result = spell(host, family == AF_INET6, port, visit, argument);
    }
    freeifaddrs(list);
    return result;
}

bool endpoint_resolutions(const char *endpoint,
                          bool (*visit)(const void *argument, const char *resolved),
                          const void *argument)
{
    const char *address = endpoint + strlen("tcp://"), *port;
    char host[IF_NAMESIZE + 1];
    size_t length;

    if (endpoint_transport(endpoint) != TRANSPORT_TCP)
        return false;
    port = strrchr(address, ':');
    if (port == NULL || strcmp(port, ":*") == 0 || strcmp(port, ":0") == 0)
        return false;
    length = (size_t)(port++ - address);
    if (length == 0 || length >= sizeof host)
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    if (strcmp(host, "*") == 0)
        return spell("0.0.0.0", false, port, visit, argument) ||
               spell("::", true, port, visit, argument);
    return interface(host, port, visit, argument);
}
