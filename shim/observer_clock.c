#include "shim/observer_clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/background.h"
#include "shim/observer_life.h"

#define TICK_MS 250

enum order { SLEEP, LOOK, END };

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER; /* who starts or stops it */
static bool running;
static pthread_t thread;
static uint32_t order; /* enum order; what the futex is on */

static void futex_wait(uint32_t expected, const struct timespec *most)
{
    (void)syscall(SYS_futex, &order, FUTEX_WAIT_PRIVATE, expected, most, NULL, 0);
}

static void give(enum order given)
{
    __atomic_store_n(&order, given, __ATOMIC_SEQ_CST);
    (void)syscall(SYS_futex, &order, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* False when it has to end. */
static bool wait_for_work(void)
{
    static const struct timespec tick = {0, TICK_MS * 1000000L};
    uint32_t now;

    while ((now = __atomic_load_n(&order, __ATOMIC_SEQ_CST)) == SLEEP)
        futex_wait(SLEEP, NULL);
    if (now == LOOK)
        futex_wait(LOOK, &tick);
    return __atomic_load_n(&order, __ATOMIC_SEQ_CST) != END;
}

static void *run(void *unused)
{
    uint32_t look = LOOK;

    prctl(PR_SET_NAME, "curveshim-clock", 0, 0, 0);
    while (wait_for_work()) {
        if (lives_sweep() > 0)
            continue;
        look = LOOK;
        /* What began while it looked is looked at once more. */
        if (__atomic_compare_exchange_n(&order, &look, SLEEP, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST) &&
            lives_sweep() > 0)
            observer_clock_wake();
    }
    return unused;
}

void observer_clock_start(void)
{
    int saved = errno;

    if (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
        return;
    pthread_mutex_lock(&changing);
    if (!running) {
        give(LOOK);
        if (background_start(&thread, run, NULL) == 0)
            __atomic_store_n(&running, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&changing);
    errno = saved;
}

void observer_clock_stop(void)
{
    int saved = errno;

    pthread_mutex_lock(&changing);
    if (running) {
        give(END);
        pthread_join(thread, NULL);
        __atomic_store_n(&running, false, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&changing);
    errno = saved;
}

void observer_clock_wake(void)
{
    uint32_t asleep = SLEEP;
    int saved = errno;

    if (__atomic_compare_exchange_n(&order, &asleep, LOOK, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED))
        (void)syscall(SYS_futex, &order, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    errno = saved;
}

void observer_clock_forked(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    changing = fresh;
    running = false;
    order = SLEEP;
}
