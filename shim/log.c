#include "shim/log.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "shim/locks.h"
#include "shim/log_sink.h"
#include "shim/metrics.h"
#include "shim/ratelimit.h"

static const struct config *configuration;
static struct ratelimit limits;
static int64_t dropped; /* since the last line that the sink took */

void log_start(const struct config *config)
{
    configuration = config;
    log_sink_start();
}

void log_forked(void)
{
    dropped = 0;
}

bool log_wants(enum event_level level)
{
    return configuration != NULL && configuration->sink != CONFIG_NONE &&
           level <= configuration->log_level;
}

/* Whether the sink took it. errno says why not. */
static bool write_event(const struct event *event, const struct event_origin *origin)
{
    char text[EVENT_SYSLOG_MAX + 1], host[65] = "";
    size_t length;

    if (configuration->sink == CONFIG_SYSLOG) {
        if (gethostname(host, sizeof host - 1) != 0)
            host[0] = '\0';
        length = event_format_syslog(text, event, origin, host, configuration->log_json);
        return log_sink_syslog(text, length);
    }
    length = configuration->log_json ? event_format_json(text, event, origin)
                                     : event_format_text(text, event, origin);
    return configuration->sink == CONFIG_FILE ? log_sink_file(configuration->log_path, text, length)
                                              : log_sink_stderr(text, length);
}

void log_event(const struct event *event)
{
    struct event_origin origin;
    struct timespec now;
    int saved = errno, cancel;

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
    origin.dropped = __atomic_exchange_n(&dropped, 0, __ATOMIC_RELAXED);
    if (write_event(event, &origin)) {
        metrics_count(METRIC_LOG_WRITTEN, NULL);
    } else {
        __atomic_add_fetch(&dropped, origin.dropped + 1, __ATOMIC_RELAXED);
        metrics_count(METRIC_LOG_DROPPED, NULL);
    }
    pthread_setcancelstate(cancel, NULL);
    errno = saved;
}

static bool passes(const char *event, const char *peer, const char *reason, unsigned second,
                   unsigned *repeated)
{
    struct timespec now;
    bool pass;

    clock_gettime(CLOCK_MONOTONIC, &now);
    lock_take(LOCK_LOG);
    pass = ratelimit_pass(&limits, event, peer, reason, second,
                          (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, repeated);
    lock_drop(LOCK_LOG);
    if (!pass)
        metrics_count(METRIC_LOG_HELD_BACK, NULL);
    return pass;
}

static void log_limited(struct event *event, const char *peer, const char *reason, unsigned second)
{
    unsigned repeated = 0;

    if ((!event->always && !log_wants(event->level)) ||
        !passes(event->name, peer, reason, second, &repeated))
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

bool log_burst_passes(enum event_level level, const char *event, const char *peer,
                      const char *reason, unsigned *repeated)
{
    *repeated = 0;
    return log_wants(level) && passes(event, peer, reason, RATELIMIT_LATER, repeated);
}

void log_burst_over(const char *event, const char *peer, const char *reason)
{
    lock_take(LOCK_LOG);
    ratelimit_forget(&limits, event, peer, reason);
    lock_drop(LOCK_LOG);
}
