#include "shim/observer_ends.h"

#include <errno.h>
#include <string.h>

#include "shim/observer_internal.h"
#include "shim/routes.h"
#include "shim/wire_peer.h"

void ends_set(struct slot_address *where, const struct sockaddr *address, socklen_t size)
{
    where->size = size <= sizeof where->ip6 ? size : sizeof(sa_family_t);
    memcpy(&where->any, address, where->size);
}

ino_t ends_accepted(int fd)
{
    int saved = errno;
    ino_t inode = observer_inode(fd);
    struct slot *slot = slot_of(fd);
    TURN(fd);

    if (slot != NULL) {
        slot_clear(slot);
        __atomic_store_n(&slot->inode, inode, __ATOMIC_RELAXED);
        slot->accepted = true;
    }
    errno = saved;
    return inode;
}

void ends_named(int fd, bool remote, const struct sockaddr *address, socklen_t size)
{
    struct slot *slot = slot_if_any(fd);
    TURN(fd);

    /* Of UNIX sockets, more than addresses is wanted. */
    if (slot != NULL && slot->accepted && size <= sizeof(struct sockaddr_in6) &&
        (address->sa_family == AF_INET || address->sa_family == AF_INET6))
        ends_set(remote ? &slot->remote : &slot->local, address, size);
}

bool ends_take(struct slot *slot, ino_t inode)
{
    bool known = slot != NULL && slot->accepted && slot->inode == inode && slot->remote.size > 0 &&
                 slot->local.size > 0;

    if (known)
        slot->accepted = false;
    return known;
}

void ends_find(struct slot *slot, int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char text[WIRE_PEER_TEXT];

    if (getpeername(fd, (struct sockaddr *)&address, &size) == 0)
        ends_set(&slot->remote, (struct sockaddr *)&address, size);
    size = sizeof slot->who;
    if (address.ss_family == AF_UNIX)
        (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &slot->who, &size);
    if (address.ss_family == AF_UNIX && wire_peer_local(text, fd))
        slot->route = routes_key(true, text);
    size = sizeof address;
    if (address.ss_family != AF_UNIX && getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        ends_set(&slot->local, (struct sockaddr *)&address, size);
}
