#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/check_proc.h"

#define TCP_ESTABLISHED_STATE 1
#define TCP_LISTEN_STATE 10
#define UNIX_LISTENING 0x10000
#define UNIX_STREAM 1

struct inodes {
    unsigned long long *list;
    size_t count, room;
};

static int compare(const void *one, const void *other)
{
    unsigned long long a = *(const unsigned long long *)one, b = *(const unsigned long long *)other;

    return a < b ? -1 : a > b;
}

static void inode_add(struct inodes *inodes, unsigned long long inode)
{
    if (inodes->count == inodes->room) {
        size_t room = inodes->room != 0 ? inodes->room * 2 : 64;
        unsigned long long *more = check_allocate(room * sizeof *more);

        if (inodes->count != 0)
            memcpy(more, inodes->list, inodes->count * sizeof *more);
        free(inodes->list);
        inodes->list = more;
        inodes->room = room;
    }
    inodes->list[inodes->count++] = inode;
}

static int inodes_read(pid_t pid, struct inodes *inodes)
{
    char *directory = check_format("/proc/%d/fd", (int)pid);
    DIR *list = opendir(directory);
    const struct dirent *entry;

    free(directory);
    if (list == NULL)
        return errno;
    while ((entry = readdir(list)) != NULL) {
        char *name = check_format("fd/%s", entry->d_name);
        char *target = proc_link(pid, name);
        unsigned long long inode;

        if (target != NULL && sscanf(target, "socket:[%llu]", &inode) == 1)
            inode_add(inodes, inode);
        free(target);
        free(name);
    }
    closedir(list);
    if (inodes->count != 0)
        qsort(inodes->list, inodes->count, sizeof *inodes->list, compare);
    return 0;
}

static bool inode_known(const struct inodes *inodes, unsigned long long inode)
{
    return inodes->count != 0 &&
           bsearch(&inode, inodes->list, inodes->count, sizeof *inodes->list, compare) != NULL;
}

static void socket_add(struct proc_sockets *sockets, const struct proc_socket *socket)
{
    /* The room is always a power of two. */
    if ((sockets->count & (sockets->count - 1)) == 0) {
        struct proc_socket *more =
            check_allocate((sockets->count != 0 ? 2 * sockets->count : 1) * sizeof *more);

        if (sockets->count != 0)
            memcpy(more, sockets->list, sockets->count * sizeof *more);
        free(sockets->list);
        sockets->list = more;
    }
    sockets->list[sockets->count++] = *socket;
}

/* Each word of an address is written as a number in the machine's byte order. */
static bool address(const char *text, int family, struct sockaddr_in6 *result)
{
    size_t words = family == AF_INET ? 1 : 4;
    unsigned port;
    uint32_t word;

    result->sin6_family = AF_INET6;
    if (family == AF_INET) {
        result->sin6_addr.s6_addr[10] = result->sin6_addr.s6_addr[11] = 0xff;
    }
    for (size_t i = 0; i < words; i++, text += 8) {
        if (sscanf(text, "%8x", &word) != 1 || strlen(text) < 8)
            return false;
        memcpy(&result->sin6_addr.s6_addr[(4 - words + i) * 4], &word, 4);
    }
    if (sscanf(text, ":%x", &port) != 1)
        return false;
    result->sin6_port = htons((uint16_t)port);
    return true;
}

static void tcp_line(const char *line, int family, const struct inodes *inodes,
                     struct proc_sockets *sockets)
{
    struct proc_socket socket = {.family = family};
    char local[64], remote[64];
    unsigned long long inode;
    unsigned state;

    if (sscanf(line, " %*u: %63s %63s %x %*s %*s %*s %*s %*s %llu", local, remote, &state,
               &inode) != 4 ||
        (state != TCP_LISTEN_STATE && state != TCP_ESTABLISHED_STATE) ||
        !inode_known(inodes, inode) || !address(local, family, &socket.local) ||
        !address(remote, family, &socket.remote))
        return;
    socket.listening = state == TCP_LISTEN_STATE;
    socket_add(sockets, &socket);
}

static void unix_line(const char *line, int family, const struct inodes *inodes,
                      struct proc_sockets *sockets)
{
    struct proc_socket socket = {.family = family};
    unsigned long long inode;
    unsigned flags, type;
    int at = 0;

    if (sscanf(line, "%*s %*s %*s %x %x %*s %llu %n", &flags, &type, &inode, &at) != 3 || at == 0 ||
        type != UNIX_STREAM || (flags & UNIX_LISTENING) == 0 || !inode_known(inodes, inode))
        return;
    socket.listening = true;
    snprintf(socket.path, sizeof socket.path, "%s", line + at);
    socket_add(sockets, &socket);
}

static void table(pid_t pid, const char *name, int family, const struct inodes *inodes,
                  struct proc_sockets *sockets)
{
    char *text = proc_read(pid, name, NULL), *rest = NULL;

    if (text == NULL)
        return;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (family == AF_UNIX)
            unix_line(line, family, inodes, sockets);
        else
            tcp_line(line, family, inodes, sockets);
    free(text);
}

int proc_sockets(pid_t pid, struct proc_sockets *sockets)
{
    struct inodes inodes = {0};
    int error = inodes_read(pid, &inodes);

    memset(sockets, 0, sizeof *sockets);
    if (error == 0 && inodes.count != 0) {
        table(pid, "net/tcp", AF_INET, &inodes, sockets);
        table(pid, "net/tcp6", AF_INET6, &inodes, sockets);
        table(pid, "net/unix", AF_UNIX, &inodes, sockets);
    }
    free(inodes.list);
    return error;
}

char *proc_socket_text(const struct proc_socket *socket, bool remote)
{
    const struct sockaddr_in6 *address_of = remote ? &socket->remote : &socket->local;
    char text[INET6_ADDRSTRLEN];

    if (socket->family == AF_UNIX)
        return check_format("ipc://%s", socket->path);
    if (socket->family == AF_INET)
        inet_ntop(AF_INET, &address_of->sin6_addr.s6_addr[12], text, sizeof text);
    else
        inet_ntop(AF_INET6, &address_of->sin6_addr, text, sizeof text);
    return check_format(socket->family == AF_INET ? "tcp://%s:%u" : "tcp://[%s]:%u", text,
                        ntohs(address_of->sin6_port));
}
