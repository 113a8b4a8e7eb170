#include "shim/observer_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/observer_ends.h"
#include "shim/observer_life.h"
#include "shim/routes.h"
#include "shim/table.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

unsigned char observer_states[OBSERVER_TABLE];
unsigned observer_limit;
struct backoff observer_backoff;
bool observer_servers_may_connect;

/* The process that this memory belongs to. The page is empty in children that have a copy of it,
 * until they say that they own it; vfork children see their parent's. */
static pid_t *owner;

void observer_start(void)
{
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    observer_limit = OBSERVER_TABLE;
    if (page == MAP_FAILED)
        return;
    if (madvise(page, size, MADV_WIPEONFORK) == 0)
        owner = page;
    else
        munmap(page, size);
    observer_owns();
}

void observer_owns(void)
{
    if (owner != NULL)
        __atomic_store_n(owner, getpid(), __ATOMIC_RELAXED);
}

static bool is_vfork_child(void)
{
    pid_t known = owner != NULL ? __atomic_load_n(owner, __ATOMIC_RELAXED) : 0;

    return known != 0 && known != getpid();
}

void observer_server_connects(void)
{
    __atomic_store_n(&observer_servers_may_connect, true, __ATOMIC_RELAXED);
}

int64_t observer_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_state(int fd, unsigned char state)
{
    __atomic_store_n(&observer_states[fd], state, __ATOMIC_RELAXED);
}

static bool in_table(int fd)
{
    return (unsigned)fd < observer_limit;
}

void observer_born(int fd)
{
    TURN(fd);

    if (!in_table(fd) || is_vfork_child())
        return;
    if (observer_state(fd) & (OBSERVER_WATCHED | OBSERVER_CONNECTING))
        life_replaced(fd);
    set_state(fd, BORN);
}

void observer_begins_again(int fd)
{
    struct slot *slot = slot_if_any(fd);
    TURN(fd);

    if (slot != NULL)
        life_untold(slot);
    observer_born(fd);
}

void observer_copied(int from, int fd)
{
    struct slot *source, *copy;
    TURN(from);
    TURN(fd);

    if (!in_table(fd) || from == fd || is_vfork_child())
        return;
    if (observer_state(fd) & (OBSERVER_WATCHED | OBSERVER_CONNECTING))
        life_replaced(fd);
    set_state(fd, in_table(from) ? observer_state(from) : 0);
    if (!(observer_state(fd) & (OBSERVER_WATCHED | OBSERVER_CONNECTING)))
        return;
    source = slot_if_any(from);
    copy = slot_of(fd);
    if (source != NULL && copy != NULL) {
        slot_set(copy, source); /* it is told of under its first number */
    } else {
        set_state(fd, 0);
    }
}

ino_t observer_inode(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static bool is_stream(int fd)
{
    int type = 0, family = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
        return false;
    size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
        return true;
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

bool observer_connect(int fd, const struct sockaddr *address, socklen_t size, const void *caller)
{
    uint64_t parts[2];
    struct slot *slot;
    TURN(fd);

    if (!in_table(fd) || address == NULL || size == 0 || size > sizeof(struct sockaddr_storage) ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6 &&
         address->sa_family != AF_UNIX))
        return true;
    parts[0] = table_hash(address, size);
    parts[1] = (uint64_t)(uintptr_t)caller;
    slot = slot_of(fd);
    if (slot == NULL)
        return true;
    slot_clear(slot);
    slot->peer = table_hash(parts, sizeof parts) | 1;
    slot->connecting = true;
    slot->route = routes_key_connected(address, size);
    ends_set(&slot->remote, address, size);
    set_state(fd, OBSERVER_CONNECTING | BORN);
    if (backoff_holds(&observer_backoff, slot->peer, observer_now())) {
        errno = ETIMEDOUT;
        return false;
    }
    if (routes_has(slot->route)) {
        __atomic_store_n(&slot->inode, observer_inode(fd), __ATOMIC_RELAXED);
        life_begins(slot);
    }
    return true;
}

void observer_connect_failed(int fd, int error)
{
    struct slot *slot = slot_if_any(fd);
    int saved = errno;
    TURN(fd);

    if (!in_table(fd) || !(observer_state(fd) & OBSERVER_CONNECTING) ||
        (observer_state(fd) & OBSERVER_WATCHED) || slot == NULL || error == EINPROGRESS ||
        error == EINTR || error == EAGAIN || error == EALREADY || error == EISCONN)
        return;
    if (error == ECONNREFUSED || error == ENOENT)
        life_fails(slot, HANDSHAKE_CONNECTION_REFUSED, "");
    else
        life_fails(slot, HANDSHAKE_UNREACHABLE, strerror(error));
    errno = saved;
}

bool observer_is_socket(int fd)
{
    if (observer_state(fd) & BORN)
        return true;
    if (observer_inode(fd) != 0) {
        observer_add_state(fd, BORN);
        return true;
    }
    observer_add_state(fd, QUIET);
    return false;
}

/* Begins to watch a descriptor that may speak ZMTP. NULL if it cannot. */
struct slot *observer_begin(int fd)
{
    ino_t inode = observer_inode(fd);
    struct slot *slot = slot_if_any(fd);
    bool known = inode != 0 && ends_take(slot, inode);

    if (inode == 0 || (!known && !is_stream(fd))) {
        observer_add_state(fd, QUIET);
        return NULL;
    }
    slot = slot_of(fd);
    if (slot == NULL)
        return NULL;
    if (!known && !(observer_state(fd) & OBSERVER_CONNECTING))
        slot_clear(slot);
    __atomic_store_n(&slot->inode, inode, __ATOMIC_RELAXED);
    slot->peer_is_old = observer_state(fd) & FOREIGN_IN;
    slot->watched = true;
    if (!known && !slot->connecting)
        ends_find(slot, fd);
    if (slot->life == 0)
        life_begins(slot);
    else
        life_moves(slot);
    observer_add_state(fd, OBSERVER_WATCHED);
    return slot;
}

/* The slot of a watched descriptor; NULL if the number belongs to another file by now. */
struct slot *observer_current(int fd)
{
    struct slot *slot = slot_if_any(fd);

    if (slot != NULL && observer_inode(fd) == slot->inode)
        return slot;
    life_replaced(fd);
    set_state(fd, 0);
    return NULL;
}

void observer_cut(int fd, struct slot *slot, bool told_to_give_up)
{
    slot->cut = true;
    shutdown(fd, SHUT_RDWR);
    if (slot->connecting)
        (void)backoff_failed(&observer_backoff, slot->peer, told_to_give_up, observer_now());
}

/* The descriptor may be closed and another be born under its number at any moment: what is shut
 * down is a duplicate that was compared first. Where none can be had (the program has used up its
 * descriptors, a filter forbids it) the connection must not live by that: there the original is
 * compared right before. */
void observer_end(int fd, ino_t inode)
{
    int copy, which;

    if (!in_table(fd))
        return;
    copy = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
    which = copy >= 0 ? copy : fd;
    if (observer_inode(which) == inode)
        shutdown(which, SHUT_RDWR);
    if (copy >= 0)
        syscall(SYS_close, copy);
}
