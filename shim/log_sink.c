#include "shim/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shim/event.h"

static struct stat stderr_at_load;
static bool stderr_known;
static ino_t torn; /* the file that ends in a part of a line, for want of room; 0: none */

void log_sink_start(void)
{
    stderr_known = fstat(STDERR_FILENO, &stderr_at_load) == 0;
}

/* Neither a reader that is gone (SIGPIPE), nor a limit of the file's size (SIGXFSZ), nor a terminal
 * that keeps background jobs from writing (SIGTTOU) may touch the program. The first two come to
 * the thread that writes; the third is not even raised where it is blocked. */
static ssize_t write_quietly(int fd, const char *line, size_t length)
{
    static const struct timespec now = {0, 0};
    sigset_t blocked, raised, pending, old;
    ssize_t written;
    int saved;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE);
    sigaddset(&blocked, SIGXFSZ);
    raised = blocked;
    sigaddset(&blocked, SIGTTOU);
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) == 1)
        sigdelset(&raised, SIGPIPE);
    if (sigismember(&pending, SIGXFSZ) == 1)
        sigdelset(&raised, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &blocked, &old);
    do
        written = write(fd, line, length);
    while (written < 0 && errno == EINTR);
    saved = errno;
    if (written < 0 && (saved == EPIPE || saved == EFBIG))
        while (sigtimedwait(&raised, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = saved;
    return written;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_rdev == b->st_rdev;
}

/* Another process may fill the pipe between poll and write: an open file of our own need not share
 * the program's blocking mode. -1 where that is not to be had. */
static int stderr_of_our_own(const struct stat *status)
{
    struct stat opened;
    int fd;

    if (!S_ISFIFO(status->st_mode) && !(S_ISCHR(status->st_mode) && isatty(STDERR_FILENO)))
        return -1;
    fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || (fstat(fd, &opened) == 0 && same_file(&opened, status)))
        return fd;
    close(fd);
    return -1;
}

static bool is_writable(int fd)
{
    struct pollfd ready = {fd, POLLOUT, 0};

    if (poll(&ready, 1, 0) == 1 && !(ready.revents & (POLLERR | POLLHUP | POLLNVAL)) &&
        (ready.revents & POLLOUT))
        return true;
    errno = EAGAIN;
    return false;
}

bool log_sink_stderr(const char *line, size_t length)
{
    struct stat status;
    ssize_t written;
    int fd, saved;

    /* A daemon may have closed its descriptors since: 2 may be its data file by now. */
    if (!stderr_known || fstat(STDERR_FILENO, &status) != 0 ||
        !same_file(&status, &stderr_at_load)) {
        errno = EBADF;
        return false;
    }
    if (!is_writable(STDERR_FILENO))
        return false;
    if (S_ISSOCK(status.st_mode))
        return send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
    fd = stderr_of_our_own(&status);
    written = write_quietly(fd >= 0 ? fd : STDERR_FILENO, line, length);
    saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return written == (ssize_t)length;
}

/* What follows a part of a line begins a line of its own. */
static ssize_t write_after_torn(int fd, const char *line, size_t length)
{
    char whole[EVENT_LINE_MAX + 1];
    ssize_t written;

    if (length > EVENT_LINE_MAX)
        length = EVENT_LINE_MAX;
    whole[0] = '\n';
    memcpy(whole + 1, line, length);
    written = write_quietly(fd, whole, length + 1);
    return written > 0 ? written - 1 : written;
}

static ssize_t append(int fd, const char *line, size_t length)
{
    ino_t was_torn = __atomic_load_n(&torn, __ATOMIC_RELAXED);
    struct stat status = {0};
    ssize_t written;

    (void)fstat(fd, &status);
    written = was_torn != 0 && was_torn == status.st_ino ? write_after_torn(fd, line, length)
                                                         : write_quietly(fd, line, length);
    if (written >= 0)
        __atomic_store_n(&torn, written > 0 && written < (ssize_t)length ? status.st_ino : 0,
                         __ATOMIC_RELAXED);
    if (written >= 0 && written < (ssize_t)length)
        errno = ENOSPC;
    return written;
}

bool log_sink_file(const char *path, const char *line, size_t length)
{
    /* O_NONBLOCK: a FIFO without a reader must not hang the agent. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    ssize_t written;
    int saved;

    if (fd < 0)
        return false;
    written = append(fd, line, length);
    saved = errno;
    close(fd);
    errno = saved;
    return written == (ssize_t)length;
}

bool log_sink_syslog(const char *datagram, size_t length)
{
    static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent;
    int saved;

    if (fd < 0)
        return false;
    sent = sendto(fd, datagram, length, MSG_DONTWAIT | MSG_NOSIGNAL,
                  (const struct sockaddr *)&address, sizeof address);
    saved = errno;
    close(fd);
    errno = saved;
    return sent == (ssize_t)length;
}
