#include "shim/authorized.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/authorized_metrics.h"
#include "shim/certdir.h"
#include "shim/decision.h"
#include "shim/keys_files.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/wait.h"
#include "shim/watch.h"

/* The watcher's descriptor is read this long after its first event, so that a directory that is
 * being deleted is seen as gone and not as emptied. */
#define GATHER_MS 60
#define POLL_MS 400
/* Polling takes a fifth of a thread's time at the most. */
#define POLL_SHARE 4
#define POLL_MS_MAX 5000
/* A directory that takes longer to look at is not polled if it can be watched. */
#define QUICK_MS 20
/* Closing an inotify descriptor takes the kernel milliseconds, which zmq_ctx_term would wait for:
 * contexts that live shorter than this never open one. */
#define WATCH_AFTER_MS 900

enum { AUTHORIZED, REVOKED };

static const struct config *configuration;
static struct certdir directories[2];

/* Held while files are read; only one thread does that, and only one that loads for the first time
 * waits for it. */
static pthread_mutex_t working = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;
static unsigned attached;                      /* LOCK_AUTHORIZED, like the next one */
static bool newly_attached;                    /* after nobody was */
static int64_t watch_at;                       /* when to open the watcher; 0: it was tried */
static int64_t look_at;                        /* when to see whether it is still the same */
static int64_t scan_took[2];                   /* the last time, milliseconds */
static const struct authorized_pause *pausing; /* of the thread at work */
static struct watch watch = {.fd = -1, .lasting = -1};
static bool scan_wanted[2];
static bool covered[2];
static bool failing[2];
static int64_t gather_until; /* 0: no event is waiting */
static int64_t next_poll;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

static void report_set(size_t before_authorized, size_t before_revoked)
{
    size_t authorized = directories[AUTHORIZED].keys.count;
    size_t revoked = directories[REVOKED].keys.count;
    char message[200];
    struct event event;

    authorized_measure(&directories[AUTHORIZED], &directories[REVOKED]);
    if (authorized == before_authorized && revoked == before_revoked)
        return;
    metrics_count(METRIC_RELOAD_OK, NULL);
    snprintf(message, sizeof message, "%zu authorised, %zu revoked", authorized, revoked);
    event_init(&event, EVENT_INFO, "reload", message);
    event_number(&event, "authorised", (int64_t)authorized);
    event_number(&event, "revoked", (int64_t)revoked);
    log_event(&event);
}

static void report_failure(const struct certdir *directory, const struct cert_error *error)
{
    char message[1024];
    struct event event;

    metrics_count(METRIC_RELOAD_FAILED, NULL);
    snprintf(message, sizeof message, "the certificates read last stay in force: %s", error->text);
    event_init(&event, EVENT_ERROR, "reload", message);
    event_text(&event, "directory", directory->path);
    log_event(&event);
}

/* A directory that can't be read leaves what it said before in force. */
static void scan(int i, int64_t now)
{
    struct cert_error error;
    bool failed = certdir_scan(&directories[i], now, &error) != 0;
    int64_t took = now_ms() - now;

    if (failed && error.code == EINTR) {
        scan_wanted[i] = true;
        return;
    }
    scan_took[i] = took;
    if (failed && i == REVOKED && error.code == ENOENT && directories[i].scans == 0)
        failed = access(configuration->certs, F_OK) != 0;
    if (failed && !failing[i])
        report_failure(&directories[i], &error);
    failing[i] = failed;
    /* What has gone is told when it comes back; that it can be read again is not. */
    covered[i] = watch.fd >= 0 && watch_covers(&watch, i) && !directories[i].links &&
                 (!failed || error.code == ENOENT);
}

/* By so many or more. */
static bool is_attached(unsigned least)
{
    bool result;

    lock_take(LOCK_AUTHORIZED);
    result = attached >= least;
    lock_drop(LOCK_AUTHORIZED);
    return result;
}

/* Others that are attached may sleep: what they rely on is done to the end. */
static bool interrupted(void)
{
    return pausing != NULL && pausing->function(pausing->argument) && !is_attached(2);
}

static int first_load(struct cert_error *error)
{
    struct keys_look look = {.config = configuration};
    int64_t now = now_ms();

    if (!configuration->authorized_any) {
        if (keys_check_directory(&look, configuration->authorized, error) != 0 ||
            certdir_scan(&directories[AUTHORIZED], now, error) != 0) {
            if (error->code == ENOENT)
                cert_fail(error, ENOENT,
                          "there is no directory %s of the clients that may connect: create it "
                          "with 'curveshim-cert init %s', or name it in SECURE_ZMQ_AUTHORIZED",
                          configuration->authorized, configuration->certs);
            return -1;
        }
    }
    if (certdir_scan(&directories[REVOKED], now, error) != 0 && error->code != ENOENT)
        return -1;
    scan_took[AUTHORIZED] = now_ms() - now;
    authorized_measure(&directories[AUTHORIZED], &directories[REVOKED]);
    __atomic_store_n(&loaded, true, __ATOMIC_RELEASE);
    return 0;
}

int authorized_load(const struct config *config, struct cert_error *error)
{
    int result = 0;

    if (__atomic_load_n(&loaded, __ATOMIC_ACQUIRE))
        return 0;
    pthread_mutex_lock(&working);
    if (!loaded) {
        configuration = config;
        directories[AUTHORIZED].path = config->authorized;
        directories[REVOKED].path = config->revoked;
        directories[REVOKED].revokes = true;
        directories[AUTHORIZED].interrupt = directories[REVOKED].interrupt = interrupted;
        result = first_load(error);
    }
    pthread_mutex_unlock(&working);
    return result;
}

size_t authorized_count(const struct config *config)
{
    struct dirent *entry;
    size_t count = 0;
    DIR *stream;

    if (__atomic_load_n(&loaded, __ATOMIC_ACQUIRE)) {
        lock_take(LOCK_AUTHORIZED);
        count = directories[AUTHORIZED].keys.count;
        lock_drop(LOCK_AUTHORIZED);
        return count;
    }
    stream = opendir(config->authorized);
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        count += entry->d_name[0] != '.' && strlen(entry->d_name) > 4 &&
                 strcmp(entry->d_name + strlen(entry->d_name) - 4, ".key") == 0;
    if (stream != NULL)
        closedir(stream);
    return count;
}

unsigned long authorized_version(void)
{
    unsigned long version;

    lock_take(LOCK_AUTHORIZED);
    version = directories[AUTHORIZED].changes + directories[REVOKED].changes;
    lock_drop(LOCK_AUTHORIZED);
    return version;
}

void authorized_attach(void)
{
    lock_take(LOCK_AUTHORIZED);
    newly_attached |= attached++ == 0;
    lock_drop(LOCK_AUTHORIZED);
}

/* With working held. What changed while nothing was watched is looked for. */
static void start_watching(int64_t now)
{
    bool newly;

    lock_take(LOCK_AUTHORIZED);
    newly = newly_attached;
    newly_attached = false;
    lock_drop(LOCK_AUTHORIZED);
    if (!newly)
        return;
    watch_close(&watch);
    covered[AUTHORIZED] = covered[REVOKED] = false;
    watch_at = now + (scan_took[AUTHORIZED] > QUICK_MS ? 0 : WATCH_AFTER_MS);
    scan_wanted[AUTHORIZED] = scan_wanted[REVOKED] = true;
}

static void open_watch(void)
{
    const char *const paths[WATCH_DIRECTORIES] = {
        configuration->authorized_any ? NULL : configuration->authorized, configuration->revoked};

    watch_at = 0;
    watch_open(&watch, paths);
    scan_wanted[AUTHORIZED] = scan_wanted[REVOKED] = true;
}

void authorized_detach(void)
{
    bool last;

    lock_take(LOCK_AUTHORIZED);
    last = attached > 0 && --attached == 0;
    lock_drop(LOCK_AUTHORIZED);
    if (!last)
        return;
    /* Whoever is at work is newly attached, and begins by closing it. */
    if (pthread_mutex_trylock(&working) != 0)
        return;
    if (!is_attached(1))
        watch_close(&watch);
    pthread_mutex_unlock(&working);
}

static void on_change(int i, const char *name)
{
    struct certdir *directory = &directories[i];

    if (name != NULL && name[0] == '.' && !directory->links)
        return; /* nobody's certificate: most are files under a temporary name */
    if (name == NULL || name[0] == '.')
        scan_wanted[i] = true;
    else if (!scan_wanted[i])
        certdir_touch(directory, name, now_ms());
    if (interrupted())
        scan_wanted[AUTHORIZED] = scan_wanted[REVOKED] = true;
}

static long poll_interval(void)
{
    int64_t interval = (scan_took[AUTHORIZED] + scan_took[REVOKED]) * POLL_SHARE;

    return interval < POLL_MS ? POLL_MS : interval < POLL_MS_MAX ? (long)interval : POLL_MS_MAX;
}

/* With working held: brings the set up to date; milliseconds until the next time. */
static long update(int64_t now)
{
    size_t authorized = directories[AUTHORIZED].keys.count;
    size_t revoked = directories[REVOKED].keys.count;
    long wait = -1;
    bool due;

    start_watching(now);
    /* Not each time that a client is let in; but always before it is read from. */
    due = now >= look_at || (gather_until != 0 && now >= gather_until);
    if (due)
        look_at = now + WATCH_LOOK_MS;
    if ((due && watch_lost(&watch)) || (watch_at != 0 && now >= watch_at))
        open_watch();
    else if (due && watch_moved(&watch))
        scan_wanted[AUTHORIZED] = scan_wanted[REVOKED] = true;
    if (gather_until != 0 && now >= gather_until) {
        gather_until = 0;
        watch_read(&watch, on_change);
    }
    if (scan_wanted[AUTHORIZED] || scan_wanted[REVOKED]) {
        watch_renew(&watch);
        for (int i = AUTHORIZED; i <= REVOKED; i++)
            covered[i] = covered[i] && watch_covers(&watch, i);
    }
    for (int i = AUTHORIZED; i <= REVOKED; i++) {
        if (i == AUTHORIZED && configuration->authorized_any)
            continue;
        if (scan_wanted[i] || ((!covered[i] || directories[i].unread) && now >= next_poll)) {
            scan_wanted[i] = false;
            scan(i, now);
        }
        wait = wait_shorter(wait, certdir_settle(&directories[i], now));
        if (!covered[i] || directories[i].unread)
            wait = wait_shorter(wait, poll_interval());
    }
    if (now >= next_poll)
        next_poll = now_ms() + poll_interval();
    report_set(authorized, revoked);
    return wait;
}

long authorized_work(int *fd, bool readable, const struct authorized_pause *pause)
{
    int64_t now = now_ms();
    long wait;

    *fd = -1;
    if (!__atomic_load_n(&loaded, __ATOMIC_ACQUIRE))
        return POLL_MS;
    if (pthread_mutex_trylock(&working) != 0)
        return 50;
    if (readable && gather_until == 0)
        gather_until = now + GATHER_MS;
    pausing = pause;
    wait = update(now);
    pausing = NULL;
    if (gather_until != 0)
        wait = wait_shorter(wait, (long)(gather_until - now));
    else
        *fd = watch.fd;
    if (watch.fd >= 0)
        wait = wait_shorter(wait, (long)(look_at - now));
    pthread_mutex_unlock(&working);
    return wait;
}

void authorized_forked(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    /* The tables are whole, because they change under LOCK_AUTHORIZED only; the watcher's
     * descriptor is shared with the parent, who must keep its events. */
    working = fresh;
    pausing = NULL;
    watch_close(&watch);
    attached = 0;
    newly_attached = false;
    gather_until = 0;
}

void authorized_decide(struct decision *decision, const uint8_t key[KEY_BYTES], bool ipc,
                       const struct access *access)
{
    struct access asked = *access;

    if (ipc)
        asked.address = NULL;
    lock_take(LOCK_AUTHORIZED);
    decision_by_key(decision, configuration, &directories[AUTHORIZED], &directories[REVOKED], key,
                    &asked);
    lock_drop(LOCK_AUTHORIZED);
    decision_by_address(decision, configuration, &asked);
}
