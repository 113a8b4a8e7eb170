#include "shim/accepted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "shim/connection_label.h"
#include "shim/connections.h"
#include "shim/observer.h"
#include "shim/observer_ends.h"

static __thread __attribute__((tls_model("initial-exec"))) struct {
    const void *asked; /* where the peer's address was written last */
    int unnamed;       /* accepted, and not yet named: the descriptor + 1; 0: none */
    ino_t inode;       /* of that one */
    bool binding;
} self;

static bool is_secured(int fd)
{
    return (unsigned)fd < observer_limit && (observer_state(fd) & OBSERVER_SECURED);
}

static void secure(int fd)
{
    if (fd >= 0 && (unsigned)fd < observer_limit)
        observer_add_state(fd, OBSERVER_SECURED);
}

void accepted_bind_begins(int given)
{
    self.binding = true;
    secure(given);
}

void accepted_bind_ends(void)
{
    self.binding = false;
}

void accepted_socket(int fd)
{
    if (self.binding)
        secure(fd);
}

void accepted_connection(int listener, int fd)
{
    self.unnamed = 0;
    self.asked = NULL;
    if (fd >= 0 && is_secured(listener)) {
        secure(fd);
        self.unnamed = fd + 1;
        self.inode = ends_accepted(fd);
    }
}

void accepted_from(int fd, const struct sockaddr *address, socklen_t size)
{
    if (self.unnamed == fd + 1)
        ends_named(fd, true, address, size);
}

void accepted_asked(int fd, const struct sockaddr *address, socklen_t size)
{
    self.asked = self.unnamed == fd + 1 ? address : NULL;
    accepted_from(fd, address, size);
}

void accepted_asked_own(int fd, const struct sockaddr *address, socklen_t size)
{
    if (self.unnamed == fd + 1)
        ends_named(fd, false, address, size);
}

static unsigned port_of(const struct sockaddr *address)
{
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;

    if (address->sa_family == AF_INET) {
        memcpy(&ip4, address, sizeof ip4);
        return ntohs(ip4.sin_port);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&ip6, address, sizeof ip6);
        return ntohs(ip6.sin6_port);
    }
    return 0;
}

int accepted_named(const struct sockaddr *address, socklen_t length, char *host, size_t size,
                   int result)
{
    char label[CONNECTION_LABEL + 1];
    int fd = self.unnamed - 1, saved = errno;
    size_t named;
    uint64_t id;

    if (self.asked == NULL || self.asked != (const void *)address || length < sizeof(sa_family_t)) {
        self.asked = NULL;
        return result;
    }
    self.unnamed = 0;
    self.asked = NULL;
    /* Some C libraries have no name for the peers of UNIX sockets; glibc calls them all so. */
    if (result != 0 && address->sa_family == AF_UNIX && size > strlen("localhost")) {
        strcpy(host, "localhost");
        result = 0;
    }
    named = result == 0 ? strlen(host) + 1 : 0;
    if (named == 0 || named + CONNECTION_LABEL > size)
        return result;
    id = connections_accepted(fd, self.inode, host, port_of(address));
    if (id != 0) {
        connection_label_write(label, fd, id);
        memmove(host + CONNECTION_LABEL, host, named);
        memcpy(host, label, CONNECTION_LABEL);
    }
    errno = saved;
    return result;
}
