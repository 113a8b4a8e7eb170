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

static void spell(char resolved[ENDPOINT_RESOLVED], const char *host, bool ipv6, const char *port)
{
    snprintf(resolved, ENDPOINT_RESOLVED, ipv6 ? "tcp://[%s]:%.100s" : "tcp://%s:%.100s", host,
             port);
}

/* libzmq takes the interface's first address of a family that the socket may use. */
static bool interface(char resolved[ENDPOINT_RESOLVED], const char *name, bool ipv6,
                      const char *port)
{
    struct ifaddrs *list = NULL;
    bool found = false;

    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        char host[NI_MAXHOST];
        int family = at->ifa_addr != NULL ? at->ifa_addr->sa_family : AF_UNSPEC;
        socklen_t size =
            family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

        if ((family != AF_INET && !(ipv6 && family == AF_INET6)) || strcmp(at->ifa_name, name) != 0)
            continue;
        found = getnameinfo(at->ifa_addr, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0;
        if (found)
            spell(resolved, host, family == AF_INET6, port);
        break;
    }
    freeifaddrs(list);
    return found;
}

bool endpoint_resolve(char resolved[ENDPOINT_RESOLVED], const char *endpoint, bool ipv6)
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
    if (strcmp(host, "*") != 0)
        return interface(resolved, host, ipv6, port);
    spell(resolved, ipv6 ? "::" : "0.0.0.0", ipv6, port);
    return true;
}
