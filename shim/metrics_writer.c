#include "shim/metrics_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "shim/background.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/metrics_file.h"
#include "shim/metrics_text.h"
#include "shim/observer_life.h"
#include "shim/registry.h"

#define INTERVAL_MS 1000
#define FAILED_MS 10000
#define CONNECTIONS_MS 5000 /* that a connection has ended is not told by anybody */

static pid_t running; /* the process whose thread it is; 0: none */
/* The thread's own. */
static const struct config *configuration;
static char text[METRICS_TEXT_ROOM];
static char program[64];
static int64_t next_write; /* monotonic milliseconds: also for the thread that comes next */
static bool failing;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void report(const char *what, int error)
{
    char message[700];
    struct event event;

    snprintf(message, sizeof message,
             "metrics cannot be written: %.500s: %s. Everything else goes on without them", what,
             strerror(error));
    event_init(&event, EVENT_WARNING, "config", message);
    event_text(&event, "reason", "metrics");
    log_repeatable(&event, configuration->metrics, "metrics");
}

/* What goes wrong is told once, until it has gone well again. */
static void settle(int result)
{
    int error = errno;

    next_write = now_ms() + (result == 0 ? INTERVAL_MS : FAILED_MS);
    if (result != 0 && !failing)
        report(configuration->metrics, error);
    failing = result != 0;
}

static void write_down(const struct metrics_self *self)
{
    char label[METRICS_NAME];
    const struct metrics_process process = {self->comment, program, label, "on", self->started};
    size_t length;

    snprintf(label, sizeof label, "%s-%d-%llu", self->host, (int)self->owner.pid,
             (unsigned long long)self->owner.start);
    length = metrics_format(text, &process);
    errno = ENOBUFS;
    settle(length > 0 ? metrics_file_write(configuration->metrics, self, text, length) : -1);
}

/* How many there are. */
static size_t count_connections(void)
{
    size_t servers, clients;

    lives_count(&servers, &clients);
    metrics_gauge_set(GAUGE_CONNECTIONS_SERVER, (int64_t)servers);
    metrics_gauge_set(GAUGE_CONNECTIONS_CLIENT, (int64_t)clients);
    return servers + clients;
}

static void sleep_until(int64_t time)
{
    int64_t rest = time - now_ms();
    struct timespec left = {rest / 1000, rest % 1000 * 1000000};

    while (rest > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Until the process has no context any more; the version that was written last. */
static unsigned keep(const struct metrics_self *self, unsigned written)
{
    int64_t touched = now_ms();

    for (;;) {
        size_t connections = count_connections();
        unsigned version = metrics_version();

        if (version != written) {
            sleep_until(next_write);
            written = metrics_version();
            write_down(self);
            touched = now_ms();
            continue;
        }
        if (!registry_has_contexts())
            return written;
        if (now_ms() - touched >= METRICS_FILE_TOUCH * 1000) {
            touched = now_ms();
            if (metrics_file_touch(configuration->metrics, self) != 0)
                written = version - 1;
            continue;
        }
        metrics_wait(version, connections > 0 ? CONNECTIONS_MS : METRICS_FILE_TOUCH * 1000);
    }
}

static void *run(void *unused)
{
    const pid_t self_pid = getpid();
    struct metrics_self self;
    unsigned written;
    pid_t nobody;

    prctl(PR_SET_NAME, "curveshim-prom", 0, 0, 0);
    metrics_self(&self);
    count_connections();
    sleep_until(next_write);
    written = metrics_version();
    write_down(&self);
    metrics_file_sweep(configuration->metrics, &self);
    do {
        written = keep(&self, written);
        __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
        nobody = 0;
        /* Who made a context since may have found the thread still there. */
    } while ((registry_has_contexts() || metrics_version() != written) &&
             __atomic_compare_exchange_n(&running, &nobody, self_pid, false, __ATOMIC_SEQ_CST,
                                         __ATOMIC_RELAXED));
    return unused;
}

void metrics_writer_ensure(const struct config *config)
{
    const pid_t self = getpid();
    pid_t seen = __atomic_load_n(&running, __ATOMIC_SEQ_CST);
    int saved = errno;
    pthread_t thread;
    int result;

    if (config->metrics == NULL || config->mode != CONFIG_ON || seen == self ||
        !__atomic_compare_exchange_n(&running, &seen, self, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED))
        return;
    configuration = config;
    snprintf(program, sizeof program, "%s", program_invocation_short_name);
    result = background_start(&thread, run, NULL);
    if (result == 0) {
        pthread_detach(thread);
    } else {
        report("their thread cannot start", result);
        __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
    }
    errno = saved;
}
