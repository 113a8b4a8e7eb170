#include "shim/metrics.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/metrics_table.h"

static uint64_t counters[METRIC_COUNT][METRICS_REASONS];
static int64_t gauges[GAUGE_COUNT];
static unsigned version;
static bool waiting;

void metrics_wake(void)
{
    int saved = errno;

    __atomic_add_fetch(&version, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &version, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    errno = saved;
}

void metrics_wait(unsigned seen, unsigned milliseconds)
{
    const struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

    __atomic_store_n(&waiting, true, __ATOMIC_SEQ_CST);
    if (metrics_version() == seen)
        syscall(SYS_futex, &version, FUTEX_WAIT_PRIVATE, seen, &time, NULL, 0);
    __atomic_store_n(&waiting, false, __ATOMIC_SEQ_CST);
}

unsigned metrics_version(void)
{
    return __atomic_load_n(&version, __ATOMIC_SEQ_CST);
}

void metrics_count_many(enum metric metric, const char *reason, uint64_t times)
{
    unsigned at = metrics_reason(&metrics_rows[metric], reason);

    __atomic_add_fetch(&counters[metric][at], times, __ATOMIC_RELAXED);
    metrics_wake();
}

void metrics_count(enum metric metric, const char *reason)
{
    metrics_count_many(metric, reason, 1);
}

void metrics_gauge_set(enum metrics_gauge gauge, int64_t value)
{
    if (__atomic_exchange_n(&gauges[gauge], value, __ATOMIC_RELAXED) != value)
        metrics_wake();
}

void metrics_gauge_add(enum metrics_gauge gauge, int64_t difference)
{
    __atomic_add_fetch(&gauges[gauge], difference, __ATOMIC_RELAXED);
    metrics_wake();
}

uint64_t metrics_value(enum metric metric, unsigned reason)
{
    return __atomic_load_n(&counters[metric][reason], __ATOMIC_RELAXED);
}

int64_t metrics_gauge_value(enum metrics_gauge gauge)
{
    return __atomic_load_n(&gauges[gauge], __ATOMIC_RELAXED);
}

void metrics_forked(void)
{
    memset(counters, 0, sizeof counters);
    gauges[GAUGE_CONNECTIONS_SERVER] = gauges[GAUGE_CONNECTIONS_CLIENT] = 0;
    gauges[GAUGE_AUTHENTICATORS] = 0;
    waiting = false;
}
