#include "shim/sockopt.h"

#include <errno.h>
#include <string.h>

void sockopt_was_set(struct sock *sock, int option, const void *value, size_t size, int result)
{
    int number;

    if (result != 0)
        return;
    if (option == ZMQ_ZAP_DOMAIN)
        sock->domain_ours = false;
    /* A write-only option. */
    if (option == ZMQ_ROUTER_RAW && value != NULL && size == sizeof number) {
        memcpy(&number, value, sizeof number);
        sock->router_raw = number != 0;
    }
}

bool sockopt_hides_domain(void *socket)
{
    struct sock *sock = registry_socket(socket);
    bool hides = sock != NULL && sock->domain_ours;

    if (sock != NULL)
        registry_release_socket(sock);
    return hides;
}

int sockopt_own_domain(const struct sock *sock, char domain[BINDING_OWN_DOMAIN], bool *enforced)
{
    domain[0] = '\0';
    *enforced = false;
    return sock->domain_ours ? 0 : sockopt_domain(sock->lib, sock->address, domain, enforced);
}

int sockopt_domain(const struct zmqlib *lib, void *socket, char domain[BINDING_OWN_DOMAIN],
                   bool *enforced)
{
    size_t size = BINDING_OWN_DOMAIN;
    int on = 0;

    domain[0] = '\0';
    *enforced = false;
    /* Releases before 4.0 have no domains, and those before 4.2.3 enforce none. */
    if (lib->release < ZMQLIB_OLDEST)
        return 0;
    if (lib->getsockopt(socket, ZMQ_ZAP_DOMAIN, domain, &size) != 0)
        return -1;
    if (domain[0] == '\0') /* then the other one means nothing */
        return 0;
    size = sizeof on;
    if (lib->getsockopt(socket, ZMQ_ZAP_ENFORCE_DOMAIN, &on, &size) != 0)
        return -1;
    *enforced = on != 0;
    return 0;
}

int sockopt_empty_domain(void *value, size_t *size)
{
    if (value == NULL || size == NULL || *size < 1) {
        errno = EINVAL;
        return -1;
    }
    memset(value, 0, *size);
    *size = 1;
    return 0;
}
