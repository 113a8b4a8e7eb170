#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/accepted.h"
#include "shim/hooks.h"
#include "shim/observer.h"
#include "shim/overlap.h"
#include "shim/real_function.h"

/* Where descriptors begin their lives, and are asked whom they lead to. Their ends are not watched,
 * because the hook of close runs in vfork children too, on the parent's memory; but see overlap.h.
 */

REAL(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
REAL(int, socketpair, (int domain, int type, int protocol, int pair[2]),
     (domain, type, protocol, pair))
REAL(int, accept, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
REAL(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
     (fd, address, size, flags))
REAL(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
REAL(int, getnameinfo,
     (const struct sockaddr *address, socklen_t length, char *host, socklen_t host_size,
      char *service, socklen_t service_size, int flags),
     (address, length, host, host_size, service, service_size, flags))
REAL(int, listen, (int fd, int backlog), (fd, backlog))
REAL(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
REAL(int, close, (int fd), (fd))
REAL(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event),
     (epoll, operation, fd, event))
REAL(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
REAL(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *size),
     (fd, level, option, value, size))
REAL(int, dup, (int fd), (fd))
REAL(int, dup2, (int from, int fd), (from, fd))
REAL(int, dup3, (int from, int fd, int flags), (from, fd, flags))
REAL(int, fcntl, (int fd, int command, void *argument), (fd, command, argument))

static int born(int fd, const void *caller)
{
    if (fd < 0)
        return fd;
    if (overlap_flagged(fd))
        overlap_born(fd, zmqlib_contains(caller));
    observer_born(fd);
    return fd;
}

/* How much accept may write. */
static socklen_t room_for(const struct sockaddr *address, const socklen_t *size)
{
    return address != NULL && size != NULL ? *size : 0;
}

/* What accept returned; or would have, if the listener is one of ours. */
static int accepted(int listener, int fd, const struct sockaddr *address, socklen_t room,
                    const socklen_t *size, const void *caller)
{
    born(fd, caller);
    if (overlap_flagged(listener))
        overlap_accepted(listener, fd);
    accepted_connection(listener, fd);
    if (fd >= 0 && room > 0 && *size <= room)
        accepted_from(fd, address, *size);
    return fd;
}

/* AddressSanitizer's runtime passes this call on, so that it comes from there, whoever made it. */
static bool libzmq_accepts(const void *caller)
{
#ifdef ACCEPT_IS_PASSED_ON
    (void)caller;
    return true;
#else
    return zmqlib_contains(caller);
#endif
}

static int handed(int listener, struct sockaddr *address, socklen_t *size, const void *caller)
{
    int fd =
        overlap_flagged(listener) ? overlap_accept(listener, libzmq_accepts(caller)) : OVERLAP_NOT;

    if (fd < 0)
        return fd;
    observer_begins_again(fd);
    if (address != NULL && size != NULL)
        (void)getpeername(fd, address, size);
    accepted_connection(listener, fd);
    return fd;
}

static int copied(int from, int fd, const void *caller)
{
    if (fd < 0)
        return fd;
    if (fd != from && overlap_flagged(fd))
        overlap_born(fd, zmqlib_contains(caller));
    observer_copied(from, fd);
    return fd;
}

EXPORT int socket(int domain, int type, int protocol)
{
    int fd = born(real_socket(domain, type, protocol), CALLER);

    accepted_socket(fd);
    return fd;
}

EXPORT int socketpair(int domain, int type, int protocol, int pair[2])
{
    int result = real_socketpair(domain, type, protocol, pair);

    if (result == 0) {
        born(pair[0], CALLER);
        born(pair[1], CALLER);
    }
    return result;
}

EXPORT int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    const socklen_t room = room_for(address, size);
    int result = handed(fd, address, size, CALLER);

    if (result != OVERLAP_NOT)
        return result;
    result = real_accept(fd, address, size);
    return accepted(fd, result, address, room, size, CALLER);
}

EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    const socklen_t room = room_for(address, size);
    int result = handed(fd, address, size, CALLER);

    if (result != OVERLAP_NOT)
        return result;
    result = real_accept4(fd, address, size, flags);
    return accepted(fd, result, address, room, size, CALLER);
}

EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    int result = real_getpeername(fd, address, size);

    if (result == 0)
        accepted_asked(fd, address, *size);
    return result;
}

EXPORT int getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    int result = real_getnameinfo(address, length, host, host_size, service, service_size, flags);

    return accepted_named(address, length, host, host_size, result);
}

EXPORT int listen(int fd, int backlog)
{
    int result = real_listen(fd, backlog);

    if (result == 0)
        overlap_listen(fd);
    return result;
}

EXPORT int getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    int result = real_getsockname(overlap_named(fd), address, size);

    if (result == 0)
        accepted_asked_own(fd, address, *size);
    return result;
}

EXPORT int close(int fd)
{
    if (overlap_flagged(fd) && overlap_close(fd, zmqlib_contains(CALLER)))
        return 0;
    return real_close(fd);
}

/* libzmq ends the process where this fails. */
static int taken_out(int epoll, int operation, int fd, struct epoll_event *event)
{
    int saved = errno, result = real_epoll_ctl(epoll, operation, fd, event);

    if (result == 0 || operation != EPOLL_CTL_DEL || !overlap_is_lost(fd))
        return result;
    errno = saved;
    return 0;
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (overlap_flagged(fd) && zmqlib_contains(CALLER))
        return taken_out(epoll, operation, fd, event);
    return real_epoll_ctl(epoll, operation, fd, event);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    int result;

    if (!observer_connect(fd, address, size, CALLER))
        return -1;
    result = real_connect(fd, address, size);
    if (result != 0)
        observer_connect_failed(fd, errno);
    return result;
}

/* How a connect in the background has ended. */
EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    int result = real_getsockopt(fd, level, option, value, size);

    if (result == 0 && level == SOL_SOCKET && option == SO_ERROR && *size == sizeof(int) &&
        *(const int *)value != 0)
        observer_connect_failed(fd, *(const int *)value);
    return result;
}

EXPORT int dup(int fd)
{
    return copied(fd, real_dup(fd), CALLER);
}

EXPORT int dup2(int from, int fd)
{
    return copied(from, real_dup2(from, fd), CALLER);
}

EXPORT int dup3(int from, int fd, int flags)
{
    return copied(from, real_dup3(from, fd, flags), CALLER);
}

static int control(int fd, int command, void *argument, const void *caller)
{
    int result = real_fcntl(fd, command, argument);

    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result, caller) : result;
}

/* By their names in the object: headers may turn one name into the other. */
EXPORT int hooked_fcntl(int fd, int command, ...) __asm__("fcntl");
EXPORT int hooked_fcntl64(int fd, int command, ...) __asm__("fcntl64")
    __attribute__((alias("fcntl")));

int hooked_fcntl(int fd, int command, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(fd, command, argument, CALLER);
}

void hooks_birth_resolve(void)
{
    resolve_socket();
    resolve_socketpair();
    resolve_accept();
    resolve_accept4();
    resolve_getpeername();
    resolve_getnameinfo();
    resolve_listen();
    resolve_getsockname();
    resolve_close();
    resolve_epoll_ctl();
    resolve_connect();
    resolve_getsockopt();
    resolve_dup();
    resolve_dup2();
    resolve_dup3();
    resolve_fcntl();
}
