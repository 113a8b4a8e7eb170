#include "shim/wire_peer.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "shim/locks.h"
#include "shim/state.h"
#include "shim/text.h"

struct exempted {
    struct exempted *next;
    char text[WIRE_PEER_TEXT];
};
static struct exempted *exempted;

static bool inet_text(char *text, const void *address, unsigned port)
{
    const char *end = text + WIRE_PEER_TEXT;

    text = text_put(text, end, "tcp://");
    text = text_put_ip4(text, end, address);
    text = text_put(text, end, ":");
    (void)text_put_number(text, end, port);
    return true;
}

static bool inet6_text(char *text, const struct sockaddr_in6 *address)
{
    char host[INET6_ADDRSTRLEN];
    unsigned port = ntohs(address->sin6_port);
    struct in6_addr ip = address->sin6_addr;

    if (IN6_IS_ADDR_V4MAPPED(&ip))
        return inet_text(text, (const char *)&ip + 12, port);
    if (inet_ntop(AF_INET6, &ip, host, sizeof host) == NULL)
        return false;
    snprintf(text, WIRE_PEER_TEXT, "tcp://[%s]:%u", host, port);
    return true;
}

static bool unix_text(char *text, const struct sockaddr_un *address, socklen_t size)
{
    const size_t before = offsetof(struct sockaddr_un, sun_path);
    size_t room;
    bool abstract;

    if (size <= before || size - before > sizeof address->sun_path)
        return false;
    room = size - before;
    abstract = address->sun_path[0] == '\0';
    snprintf(text, WIRE_PEER_TEXT, "ipc://%s%.*s", abstract ? "@" : "", (int)(room - abstract),
             address->sun_path + abstract);
    return true;
}

bool wire_peer_text(char text[WIRE_PEER_TEXT], const struct sockaddr *address, socklen_t size)
{
    text[0] = '\0';
    if (address == NULL)
        return false;
    if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)address;

        return inet_text(text, &in->sin_addr, ntohs(in->sin_port));
    }
    if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6))
        return inet6_text(text, (const void *)address);
    if (address->sa_family == AF_UNIX)
        return unix_text(text, (const void *)address, size);
    return false;
}

bool wire_peer_remote(char text[WIRE_PEER_TEXT], int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    text[0] = '\0';
    return getpeername(fd, (struct sockaddr *)&address, &size) == 0 &&
           wire_peer_text(text, (struct sockaddr *)&address, size);
}

bool wire_peer_local(char text[WIRE_PEER_TEXT], int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    text[0] = '\0';
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
           wire_peer_text(text, (struct sockaddr *)&address, size);
}

/* A listener on all addresses shows in an accepted connection as the one that was reached. */
static bool same_port_of_any(const char *listener, const char *address)
{
    static const char *const any[] = {"tcp://0.0.0.0:", "tcp://[::]:"};
    const char *port = strrchr(address, ':');

    for (size_t i = 0; i < 2; i++)
        if (strncmp(listener, any[i], strlen(any[i])) == 0 && port != NULL &&
            strncmp(address, "tcp://", 6) == 0 && strcmp(listener + strlen(any[i]), port + 1) == 0)
            return true;
    return false;
}

bool wire_peer_is_exempted(int fd, bool connecting)
{
    const struct glob_list *globs = &state_config()->plaintext;
    char text[WIRE_PEER_TEXT];
    bool found = false;

    if (globs->count == 0 || !(connecting ? wire_peer_remote(text, fd) : wire_peer_local(text, fd)))
        return false;
    if (glob_list_match(globs, text))
        return true;
    lock_take(LOCK_LOG);
    for (const struct exempted *at = exempted; at != NULL && !found; at = at->next)
        found = strcmp(at->text, text) == 0 || (!connecting && same_port_of_any(at->text, text));
    lock_drop(LOCK_LOG);
    return found;
}

static void add(const char *text)
{
    struct exempted *entry = calloc(1, sizeof *entry), *at;

    if (entry == NULL)
        return;
    snprintf(entry->text, sizeof entry->text, "%s", text);
    lock_take(LOCK_LOG);
    for (at = exempted; at != NULL && strcmp(at->text, text) != 0; at = at->next)
        ;
    if (at == NULL) {
        entry->next = exempted;
        exempted = entry;
        entry = NULL;
    }
    lock_drop(LOCK_LOG);
    free(entry);
}

/* "tcp://[source;]host:port": the addresses of host. */
static void add_names(const char *endpoint)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    const char *source = strchr(endpoint, ';');
    const char *host = source != NULL ? source + 1 : endpoint + strlen("tcp://");
    const char *colon = strrchr(host, ':');
    char name[256], text[WIRE_PEER_TEXT];

    if (colon == NULL || (size_t)(colon - host) >= sizeof name)
        return;
    if (*host == '[' && colon > host + 1)
        snprintf(name, sizeof name, "%.*s", (int)(colon - host - 2), host + 1);
    else
        snprintf(name, sizeof name, "%.*s", (int)(colon - host), host);
    if (getaddrinfo(name, colon + 1, &hints, &list) != 0)
        return;
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next)
        if (wire_peer_text(text, at->ai_addr, at->ai_addrlen))
            add(text);
    freeaddrinfo(list);
}

void wire_peer_exempt(const char *endpoint, const char *resolved)
{
    if (strncmp(endpoint, "tcp://", 6) != 0)
        return;
    if (resolved != NULL && resolved[0] != '\0')
        add(resolved);
    else if (resolved == NULL)
        add_names(endpoint);
}
