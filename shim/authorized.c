#include "shim/authorized.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shim/certdir.h"
#include "shim/keys_files.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/watch.h"

/* The watcher's descriptor is read this long after its first event, so that a directory that is
 * being deleted is seen as gone and not as emptied. */
#define GATHER_MS 60
#define POLL_MS 400
/* Closing an inotify descriptor takes the kernel milliseconds, which zmq_ctx_term would wait for:
 * contexts that live shorter than this never open one. */
#define WATCH_AFTER_MS 900

enum { AUTHORIZED, REVOKED };

static const struct config *configuration;
static struct certdir directories[2];

/* Held while files are read; only one thread does that. */
static pthread_mutex_t working = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;
static unsigned attached;
static int64_t watch_at; /* when to open the watcher; 0: it was tried */
static struct watch watch = {.fd = -1};
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

    if (authorized == before_authorized && revoked == before_revoked)
        return;
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

    if (failed && i == REVOKED && error.code == ENOENT && directories[i].scans == 0)
        failed = false;
    if (failed && !failing[i])
        report_failure(&directories[i], &error);
    failing[i] = failed;
    covered[i] = watch.fd >= 0 && watch_covers(&watch, i) && !directories[i].links;
}

static int first_load(struct cert_error *error)
{
    int64_t now = now_ms();

    if (!configuration->authorized_any) {
        if (keys_check_directory(configuration, configuration->authorized, error) != 0 ||
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
    __atomic_store_n(&loaded, true, __ATOMIC_RELEASE);
    return 0;
}

int authorized_load(const struct config *config, struct cert_error *error)
{
    int result = 0;

    pthread_mutex_lock(&working);
    if (!loaded) {
        configuration = config;
        directories[AUTHORIZED].path = config->authorized;
        directories[REVOKED].path = config->revoked;
        directories[REVOKED].revokes = true;
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

void authorized_attach(void)
{
    pthread_mutex_lock(&working);
    if (attached++ == 0) {
        watch_at = now_ms() + WATCH_AFTER_MS;
        /* What changed while nothing was watched. */
        scan_wanted[AUTHORIZED] = scan_wanted[REVOKED] = true;
    }
    pthread_mutex_unlock(&working);
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
    pthread_mutex_lock(&working);
    if (attached > 0 && --attached == 0) {
        watch_close(&watch);
        covered[AUTHORIZED] = covered[REVOKED] = false;
    }
    pthread_mutex_unlock(&working);
}

static void on_change(int i, const char *name)
{
    if (name == NULL)
        scan_wanted[i] = true;
    else if (!scan_wanted[i])
        certdir_touch(&directories[i], name, now_ms());
}

static long shorter(long a, long b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* With working held: brings the set up to date; milliseconds until the next time. */
static long update(int64_t now)
{
    size_t authorized = directories[AUTHORIZED].keys.count;
    size_t revoked = directories[REVOKED].keys.count;
    long wait = -1;

    if (watch_at != 0 && now >= watch_at)
        open_watch();
    if (gather_until != 0 && now >= gather_until) {
        gather_until = 0;
        watch_read(&watch, on_change);
    }
    if (scan_wanted[AUTHORIZED] || scan_wanted[REVOKED])
        watch_renew(&watch);
    for (int i = AUTHORIZED; i <= REVOKED; i++) {
        if (i == AUTHORIZED && configuration->authorized_any)
            continue;
        if (scan_wanted[i] || ((!covered[i] || directories[i].unread) && now >= next_poll)) {
            scan_wanted[i] = false;
            scan(i, now);
        }
        wait = shorter(wait, certdir_settle(&directories[i], now));
        if (!covered[i] || directories[i].unread)
            wait = shorter(wait, POLL_MS);
    }
    if (now >= next_poll)
        next_poll = now + POLL_MS;
    report_set(authorized, revoked);
    return wait;
}

long authorized_work(int *fd, bool readable)
{
    int64_t now = now_ms();
    long wait;

    *fd = -1;
    if (pthread_mutex_trylock(&working) != 0)
        return 50;
    if (readable && gather_until == 0)
        gather_until = now + GATHER_MS;
    wait = update(now);
    if (gather_until != 0)
        wait = shorter(wait, (long)(gather_until - now));
    else
        *fd = watch.fd;
    pthread_mutex_unlock(&working);
    return wait;
}

void authorized_forked(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    /* The tables are whole, because they change under LOCK_AUTHORIZED only; the watcher's
     * descriptor is shared with the parent, who must keep its events. */
    working = fresh;
    watch_close(&watch);
    attached = 0;
    gather_until = 0;
}

static void allow_addresses(struct decision *decision, const struct access *access)
{
    if (access->address == NULL)
        return;
    if (cidr_list_match(&configuration->deny, access->address)) {
        decision->status = 300;
        decision->reason = "address denied by SECURE_ZMQ_DENY";
    } else if (configuration->has_allow &&
               !cidr_list_match(&configuration->allow, access->address)) {
        decision->status = 300;
        decision->reason = "address not in SECURE_ZMQ_ALLOW";
    }
}

static void decide_by_key(struct decision *decision, const uint8_t key[KEY_BYTES],
                          const struct access *access)
{
    const struct certdir_file *file = certdir_find(&directories[REVOKED], key);
    const char *refusal;

    if (file != NULL) {
        decision->status = 400;
        decision->reason = "revoked";
        snprintf(decision->name, sizeof decision->name, "%s", file->policy->name);
        return;
    }
    if (configuration->authorized_any) {
        decision->status = 200;
        decision->reason = "any key is accepted";
        return;
    }
    file = certdir_find(&directories[AUTHORIZED], key);
    if (file == NULL)
        return;
    snprintf(decision->name, sizeof decision->name, "%s", file->policy->name);
    refusal = policy_refusal(file->policy, access);
    decision->status = refusal == NULL ? 200 : 300;
    decision->reason = refusal == NULL ? "authorised" : refusal;
}

void authorized_decide(struct decision *decision, const uint8_t key[KEY_BYTES], bool ipc,
                       const struct access *access)
{
    struct access asked = *access;

    if (ipc)
        asked.address = NULL;
    decision->status = 300;
    decision->reason = "unknown key";
    decision->name[0] = '\0';
    lock_take(LOCK_AUTHORIZED);
    decide_by_key(decision, key, &asked);
    lock_drop(LOCK_AUTHORIZED);
    if (decision->status == 200)
        allow_addresses(decision, &asked);
}
