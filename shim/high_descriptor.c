#include "shim/high_descriptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define HIGH 200

int high_descriptor(int fd)
{
    struct rlimit limit;
    int least = HIGH, moved;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= HIGH)
        least = (int)limit.rlim_cur / 2;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, least);
    if (moved < 0)
        return fd;
    close(fd);
    return moved;
}
