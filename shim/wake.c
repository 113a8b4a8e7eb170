#include "shim/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/high_descriptor.h"

/* The signal that an open file would send, were it asked to: none of ours is. */
#define MARK 61

static ino_t inode_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

int wake_open(struct wake *wake)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);

    if (fd < 0)
        return -1;
    wake->fd = high_descriptor(fd);
    wake->inode = inode_of(wake->fd);
    /* The hook of fcntl has nothing to do with this. */
    if (syscall(SYS_fcntl, wake->fd, F_SETSIG, MARK) == 0)
        return 0;
    syscall(SYS_close, wake->fd);
    return -1;
}

bool wake_is_there(const struct wake *wake)
{
    int saved = errno;
    bool there =
        inode_of(wake->fd) == wake->inode && syscall(SYS_fcntl, wake->fd, F_GETSIG) == MARK;

    errno = saved;
    return there;
}

bool wake_give(const struct wake *wake)
{
    const uint64_t one = 1;
    int saved = errno;
    bool given = syscall(SYS_write, wake->fd, &one, sizeof one) == sizeof one;

    errno = saved;
    return given;
}

void wake_take(const struct wake *wake)
{
    uint64_t count;
    int saved = errno;

    (void)!syscall(SYS_read, wake->fd, &count, sizeof count);
    errno = saved;
}

void wake_close(const struct wake *wake)
{
    int saved = errno;

    if (wake_is_there(wake))
        syscall(SYS_close, wake->fd);
    errno = saved;
}
