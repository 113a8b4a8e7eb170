#include "shim/review.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "shim/auth_event.h"
#include "shim/connections.h"
#include "shim/metrics.h"
#include "shim/observer.h"
#include "shim/superseded.h"

/* The clock may be set, and stands still while the machine sleeps. A second is promised, of which a
 * busy machine needs a part. */
#define LONGEST_MS 600
/* Another thread is at it, or an answer is just being found. */
#define SOON_MS 10

static pthread_mutex_t reviewing = PTHREAD_MUTEX_INITIALIZER;
static unsigned long reviewed; /* the version of the set */
/* Between these times, in seconds since 1970, time alone changes no decision. */
static int64_t since = INT64_MIN;
static int64_t due = INT64_MAX;

static void expect(int64_t moment)
{
    int64_t seen = __atomic_load_n(&due, __ATOMIC_RELAXED);

    while (moment < seen && !__atomic_compare_exchange_n(&due, &seen, moment, false,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void review_expect(const struct decision *decision)
{
    int64_t seen = __atomic_load_n(&since, __ATOMIC_RELAXED);

    expect(decision->changes);
    while (decision->begins > seen &&
           !__atomic_compare_exchange_n(&since, &seen, decision->begins, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
        ;
}

static void end(const struct connection *connection, const struct decision *decision,
                const struct binding *binding)
{
    const struct auth_asker asker = {connection->key, connection->address, binding};

    observer_end(connection->fd, connection->inode);
    connections_decided(connection->fd, connection->id, false, decision->name);
    metrics_count(METRIC_CONNECTION_ENDED, decision->reason);
    auth_event_ended(decision, &asker);
}

static void review_one(const struct connection *connection, int64_t now)
{
    struct binding binding = {.endpoint = ""};
    struct decision decision;
    struct access access;

    (void)bindings_recall(connection->domain, &binding);
    access.address = connection->address;
    access.endpoint = binding.endpoint;
    access.resolved = binding.resolved;
    access.now = now;
    authorized_decide(&decision, connection->key, binding.ipc, &access);
    superseded_judge(&decision, &binding, now);
    if (decision.status != 200) {
        end(connection, &decision, &binding);
        return;
    }
    review_expect(&decision);
    if (decision.superseded)
        auth_event_in_use(&decision,
                          &(struct auth_asker){connection->key, connection->address, &binding});
}

/* False: not all could be looked at. */
static bool review_all(int64_t now)
{
    size_t count;
    struct connection *list = connections_list(&count);
    bool complete = count != SIZE_MAX;

    for (size_t i = 0; complete && i < count; i++)
        if (list[i].state == CONNECTION_LIVE)
            review_one(&list[i], now);
    for (size_t i = 0; complete && i < count; i++)
        complete = list[i].state != CONNECTION_ASKING;
    free(list);
    return complete;
}

/* Milliseconds until a decision changes by time. */
static long rest(const struct timespec *now)
{
    int64_t until = __atomic_load_n(&due, __ATOMIC_RELAXED), left = until - now->tv_sec;

    if (until == INT64_MAX)
        return __atomic_load_n(&since, __ATOMIC_RELAXED) == INT64_MIN ? -1 : LONGEST_MS;
    if (left > LONGEST_MS / 1000 + 1)
        return LONGEST_MS;
    left = left * 1000 - now->tv_nsec / 1000000;
    return left < 0 ? 0 : left < LONGEST_MS ? (long)left : LONGEST_MS;
}

long review_work(void)
{
    unsigned long version = authorized_version();
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (version == __atomic_load_n(&reviewed, __ATOMIC_RELAXED) &&
        now.tv_sec >= __atomic_load_n(&since, __ATOMIC_RELAXED) &&
        now.tv_sec < __atomic_load_n(&due, __ATOMIC_RELAXED))
        return rest(&now);
    if (pthread_mutex_trylock(&reviewing) != 0)
        return SOON_MS;
    __atomic_store_n(&since, INT64_MIN, __ATOMIC_RELAXED);
    __atomic_store_n(&due, INT64_MAX, __ATOMIC_RELAXED);
    if (review_all(now.tv_sec)) {
        __atomic_store_n(&reviewed, version, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&reviewing);
        return rest(&now);
    }
    expect(now.tv_sec);
    pthread_mutex_unlock(&reviewing);
    return SOON_MS;
}

void review_forked(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    reviewing = fresh;
}
