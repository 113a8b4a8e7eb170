#include "shim/observer_outcome.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/fingerprint.h"
#include "shim/connections.h"
#include "shim/failures.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/observer_internal.h"
#include "shim/rfc3339.h"
#include "shim/routes.h"
#include "shim/state_page.h"
#include "shim/table.h"
#include "shim/text.h"
#include "shim/wire_peer.h"

static struct failures failures;

/* Who took part, as far as it is known. */
struct parties {
    bool known; /* its endpoint is one that the shim has to do with */
    struct route route;
    char peer[WIRE_PEER_TEXT];
    char local[WIRE_PEER_TEXT];
    char address[INET6_ADDRSTRLEN + 32]; /* as the authenticator names it */
    char key[KEY_Z85 + 1];               /* the client's, once it was let in */
    char name[CONNECTION_NAME];          /* of its certificate */
    char fingerprint[FINGERPRINT_SIZE];  /* of the server's key */
};

static void write_address(struct parties *parties, const struct slot *slot)
{
    const struct slot_address *remote = &slot->remote;

    if (remote->any.sa_family == AF_INET && remote->size > 0)
        (void)text_put_ip4(parties->address, parties->address + sizeof parties->address,
                           &remote->ip4.sin_addr);
    else if (remote->any.sa_family == AF_INET6 && remote->size > 0)
        inet_ntop(AF_INET6, &remote->ip6.sin6_addr, parties->address, sizeof parties->address);
    else if (slot->who.pid > 0)
        snprintf(parties->address, sizeof parties->address, "localhost:%u:%u:%d",
                 (unsigned)slot->who.uid, (unsigned)slot->who.gid, (int)slot->who.pid);
}

static void find_parties(struct parties *parties, const struct slot *slot)
{
    memset(parties, 0, sizeof *parties);
    (void)wire_peer_text(parties->local, &slot->local.any, slot->local.size);
    write_address(parties, slot);
    if (slot->connecting)
        parties->known = slot->route != 0 && routes_find(&parties->route, slot->route);
    else if (slot->local.size > 0)
        parties->known = routes_find_listener(&parties->route, parties->local);
    else
        parties->known = slot->route != 0 && routes_find(&parties->route, slot->route);
    if (!parties->known && slot->connecting)
        (void)wire_peer_text(parties->route.endpoint, &slot->remote.any, slot->remote.size);
    else if (!parties->known)
        text_copy(parties->route.endpoint, parties->local);
}

/* The rest, for what is told. */
static void find_peer(struct parties *parties, const struct slot *slot)
{
    if (!wire_peer_text(parties->peer, &slot->remote.any, slot->remote.size))
        text_copy(parties->peer, parties->route.endpoint);
}

static void find_fingerprint(struct parties *parties)
{
    const char *text = parties->route.key;
    uint8_t key[KEY_BYTES];

    if (z85_decode_key(key, text, strlen(text)))
        fingerprint_format(parties->fingerprint, key);
}

/* By whom repeats are counted: not by the port that a client happens to have. */
static void write_key(char key[ROUTE_ENDPOINT + WIRE_PEER_TEXT], const struct parties *parties,
                      const struct slot *slot)
{
    const char *end = key + ROUTE_ENDPOINT + WIRE_PEER_TEXT;

    key = text_put(key, end, parties->route.endpoint);
    key = text_put(key, end, " ");
    if (!slot->connecting)
        (void)text_put(key, end, parties->address);
}

static uint64_t hash_key(const char *key)
{
    return table_hash(key, strlen(key)) | 1;
}

static void add_parties(struct event *event, const struct parties *parties, const struct slot *slot)
{
    event_text(event, "role", slot->connecting ? "client" : "server");
    event_text(event, "peer", parties->peer);
    event_text(event, "endpoint", parties->route.endpoint);
    event_text(event, "address", parties->address[0] != '\0' ? parties->address : NULL);
    if (parties->key[0] != '\0') {
        event_text(event, "name", parties->name);
        event_text(event, "key", parties->key);
    }
    if (parties->fingerprint[0] != '\0') {
        event_text(event, "server_key", parties->route.key);
        event_text(event, "fingerprint", parties->fingerprint);
    }
    event_text(event, "source", parties->route.source[0] != '\0' ? parties->route.source : NULL);
}

static void write_message(char *message, size_t size, const struct parties *parties,
                          const struct slot *slot, enum handshake_reason reason,
                          const char *reason_text)
{
    const struct handshake_about about = {slot->connecting, parties->route.endpoint,
                                          parties->route.source, parties->fingerprint};
    char remedy[900];

    handshake_remedy(remedy, sizeof remedy, reason, &about);
    snprintf(message, size, "%s: %s", reason_text, remedy);
}

static enum event_level level_of(const struct slot *slot, enum handshake_reason reason)
{
    return handshake_is_usual(reason, slot->connecting) ? EVENT_INFO : EVENT_WARNING;
}

static void write_failed(struct parties *parties, const struct slot *slot,
                         enum handshake_reason reason, const char *reason_text,
                         const struct failure_run *run, unsigned repeated)
{
    char message[1100], since[RFC3339_SIZE];
    struct event event;

    find_peer(parties, slot);
    find_fingerprint(parties);
    write_message(message, sizeof message, parties, slot, reason, reason_text);
    event_init(&event, level_of(slot, reason), "handshake", message);
    event_text(&event, "result", "failed");
    event_text(&event, "reason", reason_text);
    add_parties(&event, parties, slot);
    event_number(&event, "count", (int64_t)run->count);
    rfc3339_format(since, run->since, 0);
    event_text(&event, "since", since);
    if (repeated > 0)
        event_number(&event, "repeated", repeated);
    log_event(&event);
}

static void tell_failed(struct parties *parties, const struct slot *slot,
                        enum handshake_reason reason, const char *detail)
{
    char key[ROUTE_ENDPOINT + WIRE_PEER_TEXT], reason_text[160];
    struct failure_run run;
    struct timespec clock;
    unsigned repeated;

    write_key(key, parties, slot);
    clock_gettime(CLOCK_REALTIME, &clock);
    lock_take(LOCK_LOG);
    run = failures_add(&failures, hash_key(key), reason, observer_now(), clock.tv_sec);
    lock_drop(LOCK_LOG);
    /* A client that is answered by a client may close before its own HELLO is out. */
    if (reason == HANDSHAKE_WRONG_SERVER_KEY && (run.kinds >> HANDSHAKE_BOTH_CLIENTS & 1))
        reason = HANDSHAKE_BOTH_CLIENTS;
    handshake_reason(reason_text, sizeof reason_text, reason, slot->connecting, detail);
    metrics_count(slot->connecting ? METRIC_HANDSHAKE_CLIENT_FAILED
                                   : METRIC_HANDSHAKE_SERVER_FAILED,
                  reason_text);
    if (log_burst_passes(level_of(slot, reason), "handshake", key,
                         handshake_label(handshake_mistake(reason)), &repeated))
        write_failed(parties, slot, reason, reason_text, &run, repeated);
    if (!handshake_is_usual(reason, slot->connecting))
        state_page_trouble(!slot->connecting, "", slot->connecting ? "" : parties->address,
                           parties->route.endpoint, reason_text);
}

void outcome_failed(const struct slot *slot, enum handshake_reason reason, const char *detail)
{
    struct parties parties;
    int saved = errno;

    find_parties(&parties, slot);
    tell_failed(&parties, slot, reason, detail);
    errno = saved;
}

void outcome_unresolved(const char *host, int result)
{
    const struct slot connecting = {.connecting = true};
    struct parties parties = {.known = true};
    int saved = errno;

    if (routes_find_host(&parties.route, host))
        tell_failed(&parties, &connecting, HANDSHAKE_NAME,
                    result == EAI_SYSTEM ? strerror(saved) : gai_strerror(result));
    errno = saved;
}

/* Whom the authenticator let in on that descriptor. */
static void find_client(struct parties *parties, int fd, const struct slot *slot)
{
    struct connection connection;

    if (slot->connecting || !connections_find(fd, &connection) ||
        connection.state != CONNECTION_LIVE)
        return;
    z85_encode_key(parties->key, connection.key);
    memcpy(parties->name, connection.name, sizeof parties->name);
}

/* False if nothing went wrong before. */
static bool write_recovered(char *message, size_t size, const char *key)
{
    struct failure_run run;
    int64_t now = observer_now();
    bool was;

    lock_take(LOCK_LOG);
    was = failures_end(&failures, hash_key(key), now, &run);
    lock_drop(LOCK_LOG);
    if (!was)
        return false;
    snprintf(message, size, "recovered after %" PRId64 " s, %" PRIu64 " failure%s",
             (now - run.first + 500) / 1000, run.count, run.count == 1 ? "" : "s");
    return true;
}

/* On the side that connects there is one peer, and the next failure is news. */
static void forget_failures(const char *key)
{
    for (int reason = 0; reason < HANDSHAKE_REASONS; reason++)
        log_burst_over("handshake", key, handshake_label((enum handshake_reason)reason));
}

void outcome_ok(int fd, const struct slot *slot)
{
    char key[ROUTE_ENDPOINT + WIRE_PEER_TEXT], message[128] = "secured";
    struct parties parties;
    int saved = errno;
    struct event event;
    bool recovered;

    metrics_count(slot->connecting ? METRIC_HANDSHAKE_CLIENT_OK : METRIC_HANDSHAKE_SERVER_OK, NULL);
    find_parties(&parties, slot);
    find_peer(&parties, slot);
    find_client(&parties, fd, slot);
    write_key(key, &parties, slot);
    state_page_peer(fd, !slot->connecting, parties.name, parties.peer,
                    slot->connecting ? "" : parties.address, parties.route.endpoint);
    recovered = write_recovered(message, sizeof message, key);
    if (recovered && slot->connecting)
        forget_failures(key);
    if (log_wants(EVENT_INFO) || recovered) {
        find_fingerprint(&parties);
        event_init(&event, recovered ? EVENT_WARNING : EVENT_INFO, "handshake", message);
        event_text(&event, "result", "ok");
        add_parties(&event, &parties, slot);
        event_number(&event, "took_ms", observer_now() - slot->began);
        if (recovered)
            log_burst(&event, key, "recovered");
        else
            log_event(&event);
    }
    errno = saved;
}
