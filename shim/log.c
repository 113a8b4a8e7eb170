#include "shim/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shim/locks.h"
#include "shim/ratelimit.h"

static const struct config *configuration;
static struct stat stderr_at_load;
static bool stderr_known;
static struct ratelimit limits;

void log_start(const struct config *config)
{
    configuration = config;
    stderr_known = fstat(STDERR_FILENO, &stderr_at_load) == 0;
}

bool log_wants(enum event_level level)
{
    return configuration != NULL && configuration->sink != CONFIG_NONE &&
           level <= configuration->log_level;
}

/* A line to a reader that is gone must not kill the agent. */
static ssize_t write_without_sigpipe(int fd, const char *line, size_t length)
{
    static const struct timespec now = {0, 0};
    sigset_t sigpipe, pending, old;
    bool was_pending;
    ssize_t written;

    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
    do
        written = write(fd, line, length);
    while (written < 0 && errno == EINTR);
    if (written < 0 && errno == EPIPE && !was_pending)
        while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return written;
}

static void to_stderr(const char *line, size_t length)
{
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    struct stat now;

    /* A daemon may have closed its descriptors since: 2 may be its data file by now. */
    if (!stderr_known || fstat(STDERR_FILENO, &now) != 0 || now.st_dev != stderr_at_load.st_dev ||
        now.st_ino != stderr_at_load.st_ino || now.st_rdev != stderr_at_load.st_rdev)
        return;
    if (poll(&ready, 1, 0) != 1 || (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) ||
        !(ready.revents & POLLOUT))
        return;
    if (S_ISSOCK(now.st_mode))
        (void)send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        (void)write_without_sigpipe(STDERR_FILENO, line, length);
}

static void to_file(const char *line, size_t length)
{
    /* O_NONBLOCK: a FIFO without a reader must not hang the agent. */
    int fd = open(configuration->log_path,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

    if (fd < 0)
        return;
    (void)write_without_sigpipe(fd, line, length);
    close(fd);
}

/* One RFC 5424 datagram; facility authpriv (10). */
static void to_syslog(const char *line, size_t length, const struct event *event,
                      const struct event_origin *origin)
{
    static const int severity[] = {3, 4, 6, 7};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    char datagram[EVENT_LINE_MAX + 256], time_text[32], host[65] = "-";
    int fd, size;
    struct tm tm;
    time_t seconds = (time_t)origin->seconds;

    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        strcpy(host, "-");
    gmtime_r(&seconds, &tm);
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &tm);
    size = snprintf(datagram, sizeof datagram, "<%d>1 %s.%03uZ %s curveshim %d %s - %.*s",
                    10 * 8 + severity[event->level], time_text, origin->milliseconds, host,
                    origin->pid, event->name, (int)length - 1, line);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, datagram, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL,
                 (struct sockaddr *)&address, sizeof address);
    close(fd);
}

void log_event(const struct event *event)
{
    char line[EVENT_LINE_MAX + 1];
    struct event_origin origin;
    struct timespec now;
    int saved = errno, cancel;
    size_t length;

    if (configuration == NULL || configuration->sink == CONFIG_NONE ||
        (!event->always && !log_wants(event->level)))
        return;
    /* write is a cancellation point; the program's calls into libzmq are not. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    clock_gettime(CLOCK_REALTIME, &now);
    origin.seconds = now.tv_sec;
    origin.milliseconds = (unsigned)(now.tv_nsec / 1000000);
    origin.pid = (int)getpid();
    origin.program = program_invocation_short_name;
    length = configuration->log_json ? event_format_json(line, event, &origin)
                                     : event_format_text(line, event, &origin);
    if (configuration->sink == CONFIG_FILE)
        to_file(line, length);
    else if (configuration->sink == CONFIG_SYSLOG)
        to_syslog(line, length, event, &origin);
    else
        to_stderr(line, length);
    pthread_setcancelstate(cancel, NULL);
    errno = saved;
}

static void log_limited(struct event *event, const char *peer, const char *reason, unsigned second)
{
    struct timespec now;
    unsigned repeated = 0;
    bool pass;

    if (!event->always && !log_wants(event->level))
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lock_take(LOCK_LOG);
    pass = ratelimit_pass(&limits, event->name, peer, reason, second,
                          (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, &repeated);
    lock_drop(LOCK_LOG);
    if (!pass)
        return;
    if (repeated > 0)
        event_number(event, "repeated", repeated);
    log_event(event);
}

void log_repeatable(struct event *event, const char *peer, const char *reason)
{
    log_limited(event, peer, reason, RATELIMIT_SOON);
}

void log_burst(struct event *event, const char *peer, const char *reason)
{
    log_limited(event, peer, reason, RATELIMIT_LATER);
}

void log_burst_over(const char *event, const char *peer, const char *reason)
{
    lock_take(LOCK_LOG);
    ratelimit_forget(&limits, event, peer, reason);
    lock_drop(LOCK_LOG);
}
