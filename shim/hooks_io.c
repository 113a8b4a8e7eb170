/* The checked variants of these functions in the headers would stand in the way. */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/hooks.h"
#include "shim/observer.h"
#include "shim/overlap.h"
#include "shim/real_function.h"

REAL(ssize_t, send, (int fd, const void *buffer, size_t size, int flags), (fd, buffer, size, flags))
REAL(ssize_t, sendto,
     (int fd, const void *buffer, size_t size, int flags, const struct sockaddr *address,
      socklen_t length),
     (fd, buffer, size, flags, address, length))
REAL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
REAL(ssize_t, write, (int fd, const void *buffer, size_t size), (fd, buffer, size))
REAL(ssize_t, writev, (int fd, const struct iovec *vectors, int count), (fd, vectors, count))
REAL(ssize_t, recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags))
REAL(ssize_t, recvfrom,
     (int fd, void *buffer, size_t size, int flags, struct sockaddr *address, socklen_t *length),
     (fd, buffer, size, flags, address, length))
REAL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
REAL(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size))
REAL(ssize_t, readv, (int fd, const struct iovec *vectors, int count), (fd, vectors, count))

REAL(ssize_t, __read_chk, (int fd, void *buffer, size_t size, size_t room),
     (fd, buffer, size, room))
REAL(ssize_t, __recv_chk, (int fd, void *buffer, size_t size, size_t room, int flags),
     (fd, buffer, size, room, flags))
REAL(ssize_t, __recvfrom_chk,
     (int fd, void *buffer, size_t size, size_t room, int flags, struct sockaddr *address,
      socklen_t *length),
     (fd, buffer, size, room, flags, address, length))

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
/* Kept out of the exported functions, whose ordinary path must stay short. */
#define APART static __attribute__((noinline))

/* Whether size bytes may go; if fewer may, *size becomes that; -1 with errno if none may. */
static int clip(int fd, const void *buffer, size_t *size, const void *caller)
{
    struct iovec vector = {.iov_base = (void *)(uintptr_t)buffer, .iov_len = *size};
    int error;
    size_t most = observer_may_send(fd, &vector, 1, caller, &error);

    if (error != 0) {
        errno = error;
        return -1;
    }
    if (most < *size)
        *size = most;
    return 0;
}

static ssize_t note_sent(int fd, const void *buffer, ssize_t result, const void *caller)
{
    struct iovec vector = {.iov_base = (void *)(uintptr_t)buffer, .iov_len = (size_t)result};
    int saved = errno;

    if (result > 0)
        observer_sent(fd, &vector, 1, (size_t)result, caller);
    else if (result < 0)
        observer_broken(fd, saved);
    errno = saved;
    return result;
}

/* For libzmq's listeners, which call nothing but send and recv. */
static ssize_t send_or_swallow(int fd, const void *buffer, size_t size, int flags)
{
    size_t swallowed = overlap_flagged(fd) ? overlap_swallow(fd, size) : 0;
    ssize_t result;

    if (swallowed > 0)
        return (ssize_t)swallowed;
    result = real_send(fd, buffer, size, flags);
    if (result > 0 && overlap_flagged(fd))
        overlap_sent(fd, (size_t)result);
    return result;
}

static ssize_t replay_or_recv(int fd, void *buffer, size_t size, int flags)
{
    size_t replayed = overlap_flagged(fd) ? overlap_replay(fd, buffer, size) : 0;
    ssize_t result;

    if (replayed > 0)
        return (ssize_t)replayed;
    result = real_recv(fd, buffer, size, flags);
    if (result > 0 && overlap_flagged(fd))
        overlap_received(fd, buffer, (size_t)result);
    return result;
}

APART ssize_t watched_send(int fd, const void *buffer, size_t size, int flags, const void *caller)
{
    if (clip(fd, buffer, &size, caller) != 0)
        return -1;
    return note_sent(fd, buffer, send_or_swallow(fd, buffer, size, flags), caller);
}

EXPORT ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    if (LIKELY(observer_out_is_quiet(fd)))
        return real_send(fd, buffer, size, flags);
    return watched_send(fd, buffer, size, flags, CALLER);
}

APART ssize_t watched_sendto(int fd, const void *buffer, size_t size, int flags,
                             const struct sockaddr *address, socklen_t length, const void *caller)
{
    if (clip(fd, buffer, &size, caller) != 0)
        return -1;
    return note_sent(fd, buffer, real_sendto(fd, buffer, size, flags, address, length), caller);
}

EXPORT ssize_t sendto(int fd, const void *buffer, size_t size, int flags,
                      const struct sockaddr *address, socklen_t length)
{
    if (LIKELY(observer_out_is_quiet(fd)))
        return real_sendto(fd, buffer, size, flags, address, length);
    return watched_sendto(fd, buffer, size, flags, address, length, CALLER);
}

APART ssize_t watched_write(int fd, const void *buffer, size_t size, const void *caller)
{
    if (clip(fd, buffer, &size, caller) != 0)
        return -1;
    return note_sent(fd, buffer, real_write(fd, buffer, size), caller);
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size)
{
    if (LIKELY(observer_out_is_quiet(fd)))
        return real_write(fd, buffer, size);
    return watched_write(fd, buffer, size, CALLER);
}

/* The vectors that make up the first most bytes. */
#define CLIPPED 8
static size_t clip_vectors(struct iovec clipped[CLIPPED], const struct iovec *vectors, size_t count,
                           size_t most)
{
    size_t kept = 0;

    for (size_t i = 0; i < count && kept < CLIPPED && most > 0; i++) {
        if (vectors[i].iov_len == 0)
            continue;
        clipped[kept] = vectors[i];
        if (clipped[kept].iov_len > most)
            clipped[kept].iov_len = most;
        most -= clipped[kept++].iov_len;
    }
    return kept;
}

APART ssize_t watched_writev(int fd, const struct iovec *vectors, int count, const void *caller)
{
    struct iovec clipped[CLIPPED];
    int error;
    size_t most;
    ssize_t result;

    if (count <= 0 || count > IOV_MAX)
        return real_writev(fd, vectors, count);
    most = observer_may_send(fd, vectors, (size_t)count, caller, &error);
    if (error != 0) {
        errno = error;
        return -1;
    }
    if (most == SIZE_MAX)
        result = real_writev(fd, vectors, count);
    else
        result = real_writev(fd, clipped, (int)clip_vectors(clipped, vectors, (size_t)count, most));
    if (result > 0)
        observer_sent(fd, vectors, (size_t)count, (size_t)result, caller);
    return result;
}

EXPORT ssize_t writev(int fd, const struct iovec *vectors, int count)
{
    if (LIKELY(observer_out_is_quiet(fd)))
        return real_writev(fd, vectors, count);
    return watched_writev(fd, vectors, count, CALLER);
}

APART ssize_t watched_sendmsg(int fd, const struct msghdr *message, int flags, const void *caller)
{
    struct iovec clipped[CLIPPED];
    struct msghdr shorter;
    int error;
    size_t most;
    ssize_t result;

    if (message == NULL || message->msg_iovlen == 0)
        return real_sendmsg(fd, message, flags);
    most = observer_may_send(fd, message->msg_iov, message->msg_iovlen, caller, &error);
    if (error != 0) {
        errno = error;
        return -1;
    }
    shorter = *message;
    if (most != SIZE_MAX) {
        shorter.msg_iovlen = clip_vectors(clipped, message->msg_iov, message->msg_iovlen, most);
        shorter.msg_iov = clipped;
    }
    result = real_sendmsg(fd, &shorter, flags);
    if (result > 0)
        observer_sent(fd, message->msg_iov, message->msg_iovlen, (size_t)result, caller);
    return result;
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (LIKELY(observer_out_is_quiet(fd)))
        return real_sendmsg(fd, message, flags);
    return watched_sendmsg(fd, message, flags, CALLER);
}

/* What a receive returns, after the observer has seen it. */
static ssize_t show(int fd, const struct iovec *vectors, size_t count, ssize_t result, int flags,
                    const void *caller)
{
    int saved = errno, error;

    if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB))
        return result;
    if (result < 0) {
        observer_broken(fd, errno);
        errno = saved;
        return result;
    }
    error = observer_received(fd, vectors, count, (size_t)result, caller);
    errno = error != 0 ? error : saved;
    return error != 0 ? -1 : result;
}

static ssize_t show_one(int fd, void *buffer, ssize_t result, int flags, const void *caller)
{
    struct iovec vector = {.iov_base = buffer, .iov_len = result > 0 ? (size_t)result : 0};

    return show(fd, &vector, 1, result, flags, caller);
}

/* With MSG_TRUNC, the result may be larger than what was written to the buffer. */
static int unseen_if_cut(int flags)
{
    return flags & MSG_TRUNC ? flags | MSG_PEEK : flags;
}

APART ssize_t watched_recv(int fd, void *buffer, size_t size, int flags, const void *caller)
{
    return show_one(fd, buffer, replay_or_recv(fd, buffer, size, flags), unseen_if_cut(flags),
                    caller);
}

EXPORT ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real_recv(fd, buffer, size, flags);
    return watched_recv(fd, buffer, size, flags, CALLER);
}

APART ssize_t watched_recvfrom(int fd, void *buffer, size_t size, int flags,
                               struct sockaddr *address, socklen_t *length, const void *caller)
{
    return show_one(fd, buffer, real_recvfrom(fd, buffer, size, flags, address, length),
                    unseen_if_cut(flags), caller);
}

EXPORT ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
                        socklen_t *length)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real_recvfrom(fd, buffer, size, flags, address, length);
    return watched_recvfrom(fd, buffer, size, flags, address, length, CALLER);
}

APART ssize_t watched_read(int fd, void *buffer, size_t size, const void *caller)
{
    return show_one(fd, buffer, real_read(fd, buffer, size), 0, caller);
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real_read(fd, buffer, size);
    return watched_read(fd, buffer, size, CALLER);
}

APART ssize_t watched_readv(int fd, const struct iovec *vectors, int count, const void *caller)
{
    return show(fd, vectors, count > 0 ? (size_t)count : 0, real_readv(fd, vectors, count), 0,
                caller);
}

EXPORT ssize_t readv(int fd, const struct iovec *vectors, int count)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real_readv(fd, vectors, count);
    return watched_readv(fd, vectors, count, CALLER);
}

/* What programs built with _FORTIFY_SOURCE call. */
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buffer, size_t size, size_t room, int flags,
                       struct sockaddr *address, socklen_t *length);

EXPORT ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real___read_chk(fd, buffer, size, room);
    return show_one(fd, buffer, real___read_chk(fd, buffer, size, room), 0, CALLER);
}

EXPORT ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real___recv_chk(fd, buffer, size, room, flags);
    return show_one(fd, buffer, real___recv_chk(fd, buffer, size, room, flags),
                    unseen_if_cut(flags), CALLER);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buffer, size_t size, size_t room, int flags,
                              struct sockaddr *address, socklen_t *length)
{
    if (LIKELY(observer_in_is_quiet(fd)))
        return real___recvfrom_chk(fd, buffer, size, room, flags, address, length);
    return show_one(fd, buffer, real___recvfrom_chk(fd, buffer, size, room, flags, address, length),
                    unseen_if_cut(flags), CALLER);
}

/* Descriptors that arrive in a message begin a new life here. */
static void receive_descriptors(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        const int *descriptors = (const void *)CMSG_DATA(part);
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof *descriptors;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            if (overlap_flagged(descriptors[i]))
                overlap_born(descriptors[i], false);
            observer_born(descriptors[i]);
        }
    }
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t result = real_recvmsg(fd, message, flags);

    if (result >= 0 && message->msg_controllen > 0)
        receive_descriptors(message);
    if (LIKELY(observer_in_is_quiet(fd)))
        return result;
    return show(fd, message->msg_iov, message->msg_iovlen, result, flags, CALLER);
}

void hooks_io_resolve(void)
{
    resolve_send();
    resolve_sendto();
    resolve_sendmsg();
    resolve_write();
    resolve_writev();
    resolve_recv();
    resolve_recvfrom();
    resolve_recvmsg();
    resolve_read();
    resolve_readv();
    resolve___read_chk();
    resolve___recv_chk();
    resolve___recvfrom_chk();
}
