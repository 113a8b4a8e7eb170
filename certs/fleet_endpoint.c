#include "certs/fleet_endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int take_tcp(struct fleet_endpoint *endpoint, const char *text, struct cert_error *error)
{
    const char *host = text + strlen("tcp://"), *source = strrchr(host, ';');
    const char *colon = strrchr(host, ':');

    if (source != NULL)
        host = source + 1;
    if (colon == NULL || colon <= host || colon[1] == '\0')
        return cert_fail(error, EINVAL, "'%s' has no host and port: write tcp://HOST:PORT", text);
    endpoint->transport = FLEET_TCP;
    endpoint->port = colon + 1;
    if (endpoint->port[strspn(endpoint->port, "0123456789*?")] != '\0')
        return cert_fail(error, EINVAL, "'%s': '%s' is no port: write tcp://HOST:PORT", text,
                         endpoint->port);
    if (host[0] == '[' && colon[-1] == ']') {
        host++;
        colon--;
    }
    endpoint->host = host;
    endpoint->host_length = (size_t)(colon - host);
    return 0;
}

int fleet_endpoint_parse(struct fleet_endpoint *endpoint, const char *text,
                         struct cert_error *error)
{
    *endpoint = (struct fleet_endpoint){FLEET_IPC, "", 0, ""};
    if (strncmp(text, "tcp://", 6) == 0)
        return take_tcp(endpoint, text, error);
    if (strncmp(text, "ipc://", 6) == 0 && text[6] != '\0')
        return 0;
    if (strncmp(text, "inproc://", 9) == 0)
        return cert_fail(error, EINVAL,
                         "'%s': inproc stays inside a process and needs no certificate: leave it "
                         "out",
                         text);
    if (strstr(text, "://") == NULL)
        return cert_fail(error, EINVAL,
                         "'%s' is no endpoint: write one such as tcp://brain:5555 or "
                         "ipc:///run/brain.sock",
                         text);
    return cert_fail(error, EINVAL,
                     "'%s': CURVE protects tcp and ipc only: use one of them, or leave it out and "
                     "exempt it with SECURE_ZMQ_PLAINTEXT",
                     text);
}

bool fleet_endpoint_any_port(const struct fleet_endpoint *endpoint)
{
    return strcmp(endpoint->port, "0") == 0 || strpbrk(endpoint->port, "*?") != NULL;
}

bool fleet_endpoint_host_is(const struct fleet_endpoint *endpoint, const char *name)
{
    return endpoint->transport == FLEET_TCP && strlen(name) == endpoint->host_length &&
           strncasecmp(endpoint->host, name, endpoint->host_length) == 0;
}

bool fleet_endpoint_is_loopback(const struct fleet_endpoint *endpoint)
{
    return fleet_endpoint_host_is(endpoint, "localhost") ||
           fleet_endpoint_host_is(endpoint, "::1") ||
           (endpoint->transport == FLEET_TCP && endpoint->host_length > 4 &&
            strncmp(endpoint->host, "127.", 4) == 0);
}

enum fleet_fit fleet_endpoint_fit(const char *connect, const char *bind)
{
    struct fleet_endpoint to, at;

    if (strcmp(connect, bind) == 0)
        return FLEET_FIT_SAME;
    if (fleet_endpoint_parse(&to, connect, NULL) != 0 ||
        fleet_endpoint_parse(&at, bind, NULL) != 0 || to.transport != at.transport)
        return FLEET_FIT_NONE;
    if (to.transport == FLEET_IPC)
        return strpbrk(bind, "*?") != NULL ? FLEET_FIT_ANY_PORT : FLEET_FIT_NONE;
    if (strcmp(to.port, at.port) == 0)
        return FLEET_FIT_PORT;
    return fleet_endpoint_any_port(&to) || fleet_endpoint_any_port(&at) ? FLEET_FIT_ANY_PORT
                                                                        : FLEET_FIT_NONE;
}
