#include "tests/bench/hooked_calls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of calls that the observer of the wire hooks, on descriptors that carry no handshake. */

static char buffer[64] = "hello";
static int pair[2], sink, source, listener, events;
static struct sockaddr_in address = {.sin_family = AF_INET};
static socklen_t size;

/* NOLINTBEGIN(bugprone-macro-parentheses): it is a body. */
#define CALL(name, body)                                                                           \
    static long name(void)                                                                         \
    {                                                                                              \
        return (long)(body);                                                                       \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

#define PART (&(struct iovec){buffer, 1})
#define MESSAGE (&(struct msghdr){.msg_iov = PART, .msg_iovlen = 1})
#define ADDRESS (struct sockaddr *)&address

CALL(call_write, write(sink, buffer, 5))
CALL(call_writev, writev(sink, PART, 1))
CALL(call_read, read(source, buffer, 5))
CALL(call_readv, readv(source, PART, 1))
CALL(call_send, send(pair[0], buffer, 1, MSG_DONTWAIT))
CALL(call_sendto, sendto(pair[0], buffer, 1, MSG_DONTWAIT, NULL, 0))
CALL(call_sendmsg, sendmsg(pair[0], MESSAGE, MSG_DONTWAIT))
CALL(call_recv, recv(pair[1], buffer, 5, MSG_DONTWAIT))
CALL(call_recvfrom, recvfrom(pair[1], buffer, 5, MSG_DONTWAIT, NULL, NULL))
CALL(call_recvmsg, recvmsg(pair[1], MESSAGE, MSG_DONTWAIT))
CALL(call_socket, close(socket(AF_INET, SOCK_STREAM, 0)))
CALL(call_dup, close(dup(sink)))
CALL(call_dup2, dup2(sink, sink + 500))
CALL(call_dup3, dup3(sink, sink + 500, 0))
CALL(call_fcntl, fcntl(sink, F_GETFD))
CALL(call_listen, listen(listener, 1))
CALL(call_accept, accept(listener, NULL, NULL))
CALL(call_accept4, accept4(listener, NULL, NULL, 0))
CALL(call_getsockname, getsockname(listener, ADDRESS, (size = sizeof address, &size)))
CALL(call_getpeername, getpeername(listener, ADDRESS, (size = sizeof address, &size)))
CALL(call_getsockopt, getsockopt(listener, SOL_SOCKET, SO_TYPE, buffer, (size = 4, &size)))
CALL(call_epoll_ctl, epoll_ctl(events, EPOLL_CTL_MOD, pair[0], &(struct epoll_event){0}))
CALL(call_dlsym, dlsym(RTLD_DEFAULT, "atoi") != NULL)
CALL(call_dlopen, dlclose(dlopen("libc.so.6", RTLD_LAZY)))
CALL(call_getnameinfo,
     getnameinfo(ADDRESS, sizeof address, buffer, sizeof buffer, NULL, 0, NI_NUMERICHOST))

static long call_socketpair(void)
{
    int both[2];

    return socketpair(AF_UNIX, SOCK_STREAM, 0, both) + close(both[0]) + close(both[1]);
}

static long call_connect(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)&nobody, sizeof nobody) + close(fd);
}

static long call_getaddrinfo(void)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found = NULL;
    int result = getaddrinfo("127.0.0.1", NULL, &hints, &found);

    freeaddrinfo(found);
    return result;
}

static const struct call calls[] = {
    NAMED("write", call_write),
    NAMED("writev", call_writev),
    NAMED("read", call_read),
    NAMED("readv", call_readv),
    NAMED("send", call_send),
    NAMED("sendto", call_sendto),
    NAMED("sendmsg", call_sendmsg),
    NAMED("recv", call_recv),
    NAMED("recvfrom", call_recvfrom),
    NAMED("recvmsg", call_recvmsg),
    NAMED("socket, close", call_socket),
    NAMED("socketpair", call_socketpair),
    NAMED("connect", call_connect),
    NAMED("listen", call_listen),
    NAMED("accept", call_accept),
    NAMED("accept4", call_accept4),
    NAMED("dup", call_dup),
    NAMED("dup2", call_dup2),
    NAMED("dup3", call_dup3),
    NAMED("fcntl", call_fcntl),
    NAMED("getsockname", call_getsockname),
    NAMED("getpeername", call_getpeername),
    NAMED("getsockopt", call_getsockopt),
    NAMED("getaddrinfo", call_getaddrinfo),
    NAMED("getnameinfo", call_getnameinfo),
    NAMED("epoll_ctl", call_epoll_ctl),
    NAMED("dlsym", call_dlsym),
    NAMED("dlopen", call_dlopen),
};

int main(int argc, char **argv)
{
    sink = open("/dev/null", O_WRONLY);
    source = open("/dev/zero", O_RDONLY);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    events = epoll_create1(0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || listen(listener, 1) != 0 ||
        epoll_ctl(events, EPOLL_CTL_ADD, pair[0], &(struct epoll_event){0}) != 0)
        return 2;
    /* By its first bytes a descriptor is known to carry no handshake. */
    if (send(pair[0], buffer, 5, 0) + recv(pair[1], buffer, 5, 0) + write(sink, buffer, 1) +
            read(source, buffer, 1) !=
        12)
        return 2;
    return hooked_calls(calls, sizeof calls / sizeof *calls, argc, argv);
}
