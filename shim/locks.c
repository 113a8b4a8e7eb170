#include "shim/locks.h"

#include <pthread.h>

static pthread_mutex_t locks[LOCK_COUNT] = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
};
static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;
static int registered;
static void (*in_child)(void);

void lock_take(enum lock lock)
{
    pthread_mutex_lock(&locks[lock]);
}

void lock_drop(enum lock lock)
{
    pthread_mutex_unlock(&locks[lock]);
}

static void before_fork(void)
{
    for (int i = 0; i < LOCK_COUNT; i++)
        pthread_mutex_lock(&locks[i]);
}

static void after_fork_in_parent(void)
{
    for (int i = LOCK_COUNT - 1; i >= 0; i--)
        pthread_mutex_unlock(&locks[i]);
}

static void after_fork_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

#ifdef __SANITIZE_THREAD__
    after_fork_in_parent(); /* it remembers who holds a lock */
#endif
    for (int i = 0; i < LOCK_COUNT; i++)
        locks[i] = fresh;
    registering = fresh;
    in_child();
}

int locks_guard_fork(void (*child)(void))
{
    int result = 0;

    if (__atomic_load_n(&registered, __ATOMIC_ACQUIRE))
        return 0;
    pthread_mutex_lock(&registering);
    if (!registered) {
        in_child = child;
        result = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        if (result == 0)
            __atomic_store_n(&registered, 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&registering);
    return result;
}
