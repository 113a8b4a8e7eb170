#include "shim/whereabouts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/script_name.h"
#include "shim/unit_name.h"

#define INTERFACES 32

static size_t read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    if (fd >= 0) {
        do
            got = read(fd, text, size);
        while (got < 0 && errno == EINTR);
        close(fd);
    }
    return got < 0 ? 0 : (size_t)got;
}

static void find_script(struct whereabouts *found)
{
    char command[4096], directory[PATH_MAX];
    size_t length = read_file("/proc/self/cmdline", command, sizeof command);
    bool known = getcwd(directory, sizeof directory) != NULL;

    script_name(found->script, sizeof found->script, program_invocation_short_name, command, length,
                known ? directory : NULL);
}

static void find_unit(struct whereabouts *found)
{
    char text[4096];

    text[read_file("/proc/self/cgroup", text, sizeof text - 1)] = '\0';
    unit_name(found->unit, sizeof found->unit, text);
}

/* As many as there is room for; no address is cut. */
static void add(struct whereabouts *found, int family, const void *address)
{
    size_t length = strlen(found->addresses);
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(family, address, text, sizeof text) != NULL &&
        length + 1 + strlen(text) < sizeof found->addresses)
        snprintf(found->addresses + length, sizeof found->addresses - length, "%s%s",
                 length > 0 ? " " : "", text);
}

/* getifaddrs would allocate, and ends the process when its netlink descriptor is taken from it. */
static void find_ipv4(struct whereabouts *found)
{
    struct ifreq interfaces[INTERFACES];
    struct ifconf list = {.ifc_len = sizeof interfaces, .ifc_req = interfaces};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (ioctl(fd, SIOCGIFCONF, &list) == 0)
        for (size_t i = 0; i < (size_t)list.ifc_len / sizeof *interfaces; i++) {
            struct sockaddr_in address;

            memcpy(&address, &interfaces[i].ifr_addr, sizeof address);
            if (address.sin_family == AF_INET && ntohl(address.sin_addr.s_addr) >> 24 != 127)
                add(found, AF_INET, &address.sin_addr);
        }
    close(fd);
}

/* Lines of 32 hexadecimal digits, index, prefix length, scope, flags and name. */
static void find_ipv6(struct whereabouts *found)
{
    char text[4096];
    size_t length = read_file("/proc/net/if_inet6", text, sizeof text - 1);
    const char *line = text;

    text[length] = '\0';
    for (; line != NULL && strlen(line) > 32; line = strchr(line, '\n'), line += line != NULL) {
        unsigned char address[16];
        unsigned scope, byte;
        int i;

        for (i = 0; i < 16 && sscanf(line + 2 * i, "%2x", &byte) == 1; i++)
            address[i] = (unsigned char)byte;
        /* Neither the loopback nor what is valid on one link only. */
        if (i == 16 && sscanf(line + 32, " %*x %*x %x", &scope) == 1 && scope == 0)
            add(found, AF_INET6, address);
    }
}

void whereabouts_find(struct whereabouts *found)
{
    memset(found, 0, sizeof *found);
    if (gethostname(found->host, sizeof found->host - 1) != 0)
        found->host[0] = '\0';
    find_script(found);
    find_unit(found);
    find_ipv4(found);
    find_ipv6(found);
}
