#include "shim/check_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/check_value.h"

/* libzmq sends its mechanism after our version, and hangs up without having sent it when it gets
 * another mechanism first. A peer that waits for the whole of our greeting gets the rest later. */
#define REST_AFTER 250
/* How long to wait for more of a banner, once something came that is not ZMTP 3. */
#define BANNER_TIME 150

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void finish(struct probe *probe, enum probe_end end, int error)
{
    probe->end = end;
    probe->error = error;
    if (probe->descriptor >= 0)
        close(probe->descriptor);
    probe->descriptor = -1;
}

void probe_start(struct probe *probe, const struct sockaddr *address, socklen_t size)
{
    memset(probe, 0, sizeof *probe);
    probe->descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->descriptor < 0 ||
        (connect(probe->descriptor, address, size) != 0 && errno != EINPROGRESS))
        finish(probe, PROBE_FAILED, errno);
}

static void say(struct probe *probe, size_t until)
{
    unsigned char greeting[GREETING_SIZE];
    ssize_t sent;

    greeting_write(greeting);
    if (probe->sent >= until)
        return;
    sent = send(probe->descriptor, greeting + probe->sent, until - probe->sent, MSG_NOSIGNAL);
    if (sent > 0)
        probe->sent += (size_t)sent;
}

static bool is_final(const struct greeting *greeting)
{
    return greeting->kind == GREETING_ZMTP3 || greeting->kind == GREETING_ZMTP2;
}

static void hear(struct probe *probe)
{
    ssize_t got = recv(probe->descriptor, probe->received + probe->size,
                       sizeof probe->received - probe->size, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        probe->size += (size_t)got;
        probe->last = now();
        greeting_read(&probe->greeting, probe->received, probe->size);
    }
    if (got <= 0)
        finish(probe, PROBE_CLOSED, got < 0 ? errno : 0);
    else if (is_final(&probe->greeting) || probe->size == sizeof probe->received)
        finish(probe, PROBE_ANSWERED, 0);
}

static void step(struct probe *probe, short events)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (!probe->connected) {
        if ((events & (POLLOUT | POLLERR | POLLHUP)) == 0)
            return;
        if (getsockopt(probe->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
        if (error != 0) {
            finish(probe, PROBE_FAILED, error);
            return;
        }
        probe->connected = true;
        say(probe, GREETING_OPENING);
        return;
    }
    if ((events & (POLLIN | POLLERR | POLLHUP)) != 0)
        hear(probe);
}

/* What time alone brings about. */
static void tick(struct probe *probe, int64_t at, int64_t start, int64_t deadline)
{
    bool foreign =
        probe->greeting.kind == GREETING_FOREIGN || probe->greeting.kind == GREETING_ZMTP1;

    if (probe->end != PROBE_RUNNING)
        return;
    if (foreign && at >= probe->last + BANNER_TIME)
        finish(probe, PROBE_ANSWERED, 0);
    else if (at >= deadline)
        finish(probe, probe->connected ? PROBE_SILENT : PROBE_FAILED, ETIMEDOUT);
    else if (probe->connected && at >= start + REST_AFTER)
        say(probe, GREETING_SIZE);
}

static bool wait_once(struct probe *probes, struct pollfd *polls, size_t count, int64_t deadline)
{
    size_t running = 0;
    int64_t wait = deadline - now();

    for (size_t i = 0; i < count; i++) {
        polls[i].fd = probes[i].end == PROBE_RUNNING ? probes[i].descriptor : -1;
        polls[i].events = probes[i].connected ? POLLIN : POLLOUT;
        polls[i].revents = 0;
        running += probes[i].end == PROBE_RUNNING;
    }
    if (running == 0)
        return false;
    wait = wait < 0 ? 0 : wait > 50 ? 50 : wait;
    if (poll(polls, (nfds_t)count, (int)wait) < 0 && errno != EINTR)
        return false;
    return true;
}

void probe_run(struct probe *probes, size_t count, int timeout)
{
    struct pollfd *polls = check_allocate(count * sizeof *polls);
    int64_t start = now(), deadline = start + timeout;

    while (wait_once(probes, polls, count, deadline)) {
        for (size_t i = 0; i < count; i++)
            if (probes[i].end == PROBE_RUNNING && polls[i].revents != 0)
                step(&probes[i], polls[i].revents);
        for (size_t i = 0; i < count; i++)
            tick(&probes[i], now(), start, deadline);
    }
    for (size_t i = 0; i < count; i++)
        if (probes[i].end == PROBE_RUNNING)
            finish(&probes[i], PROBE_FAILED, errno);
    free(polls);
}
