#include <stdio.h>

#include "shim/check_live.h"
#include "shim/check_proc.h"
#include "shim/config.h"
#include "shim/rfc3339.h"

struct tally {
    size_t secured, own, plaintext, refused;
};

const char *page_state(const struct state_page_entry *entry)
{
    static const char *const states[] = {"", "secured", "own CURVE", "exempted", "refused"};

    return entry->kind <= STATE_REFUSED ? states[entry->kind] : "unknown";
}

static struct check_value *entry_value(const struct state_page_entry *entry)
{
    struct check_value *value = check_object_new();
    char since[64];

    rfc3339_format(since, (int64_t)entry->since, 0);
    check_set_text(value, "endpoint", entry->endpoint);
    check_set_text(value, "resolved", entry->resolved[0] != '\0' ? entry->resolved : NULL);
    check_set_text(value, "role", entry->server == 1 ? "server" : "client");
    check_set_text(value, "state", page_state(entry));
    check_set_text(value, "since", since);
    check_set_number(value, "count", (int64_t)entry->count);
    return value;
}

static void count(struct check_result *result, const struct state_page_entry *entry,
                  struct tally *tally)
{
    const char *verb = entry->server == 1 ? "bind" : "connect";

    switch (entry->kind) {
    case STATE_SECURED:
        tally->secured++;
        break;
    case STATE_OWN_CURVE:
        tally->own++;
        break;
    case STATE_PLAINTEXT:
        tally->plaintext++;
        check_reason(result, CHECK_SECURED,
                     "%s of %s is in clear: it is exempted by "
                     "SECURE_ZMQ_PLAINTEXT",
                     verb, entry->endpoint);
        break;
    case STATE_REFUSED:
        tally->refused++;
        check_reason(result, CHECK_SECURED, "%s of %s was refused: the log says why", verb,
                     entry->endpoint);
        break;
    default:
        break;
    }
}

static void details(struct check_result *result, pid_t pid, const struct state_page *page)
{
    static const char *const modes[] = {"off", "on", "audit"};
    struct check_value *value = check_object_new(), *endpoints = check_array_new();

    check_set_text(value, "version", page->version);
    check_set_text(value, "mode", page->mode <= CONFIG_AUDIT ? modes[page->mode] : "unknown");
    check_set_text(value, "certificates", page->certificates);
    check_set_text(value, "config_error",
                   page->config_error[0] != '\0' ? page->config_error : NULL);
    check_set_number(value, "blocked", (int64_t)page->blocked);
    check_set_number(value, "refused", (int64_t)page->refused);
    check_set_number(value, "accepted", (int64_t)page->accepted);
    check_set_number(value, "denied", (int64_t)page->denied);
    check_set_number(value, "lost", page->lost);
    for (size_t i = 0; i < STATE_PAGE_ENTRIES; i++)
        if (page->entries[i].kind != 0)
            check_add(endpoints, entry_value(&page->entries[i]));
    check_set(value, "endpoints", endpoints);
    check_set_number(value, "handshakes", (int64_t)page->handshakes);
    check_set_number(value, "failed", (int64_t)page->failed);
    check_set(value, "peers", live_peers(pid, page));
    check_set_number(value, "peers_lost", page->peers_lost);
    check_set(value, "troubles", live_troubles(page));
    check_set(result->details, "shim", value);
}

static void judge_copies(struct check_result *result, const struct state_page *page,
                         const struct proc_maps *maps, const struct tally *tally)
{
    bool speaks = tally->secured + tally->own != 0;

    if (page->blocked != 0)
        check_reason(result, maps->direct || !speaks ? CHECK_BLOCKED : CHECK_SECURED,
                     "%llu handshakes that were not CURVE have been blocked on the wire",
                     (unsigned long long)page->blocked);
    if (maps->libzmq && !maps->fit && !speaks && check_count(maps->libraries) != 0)
        check_reason(result, CHECK_BLOCKED,
                     "none of its copies of libzmq can be secured: what they say is %s",
                     maps->direct ? "blocked on the wire" : "refused");
    else if (maps->direct)
        check_reason(result, CHECK_SECURED,
                     "one of its copies of libzmq is called directly: anything but CURVE from it "
                     "is blocked on the wire");
    if (tally->refused != 0 && !speaks && tally->plaintext == 0)
        check_reason(result, CHECK_BLOCKED, "every bind and connect so far was refused");
    if (result->verdict == CHECK_BLOCKED)
        check_remedy(result, CHECK_BLOCKED,
                     "read the log of the process (events 'refused' and 'blocked'), and check "
                     "the libraries that it uses with curveshim-check FILE");
}

void check_page(struct check_result *result, pid_t pid, const struct state_page *page,
                const struct proc_maps *maps)
{
    struct tally tally = {0};

    details(result, pid, page);
    if (page->mode != CONFIG_ON) {
        check_reason(result, CHECK_NOT_SECURED, "%s",
                     page->mode == CONFIG_AUDIT
                         ? "curveshim only watches: SECURE_ZMQ is audit"
                         : "curveshim is loaded but not switched on: SECURE_ZMQ is not 1");
        check_remedy(result, CHECK_NOT_SECURED, "start it with SECURE_ZMQ=1");
        return;
    }
    if (page->config_error[0] != '\0') {
        check_reason(result, CHECK_BLOCKED, "every bind and connect is refused: %s",
                     page->config_error);
        check_remedy(result, CHECK_BLOCKED, "mend the configuration and start it again");
    }
    for (size_t i = 0; i < STATE_PAGE_ENTRIES; i++)
        count(result, &page->entries[i], &tally);
    check_reason(result, CHECK_SECURED,
                 "curveshim %s is on; binds and connects: %zu secured, %zu with CURVE of the "
                 "program's own, %zu exempted, %zu refused; clients: %llu let in, %llu refused",
                 page->version, tally.secured, tally.own, tally.plaintext, tally.refused,
                 (unsigned long long)page->accepted, (unsigned long long)page->denied);
    if (page->lost != 0)
        check_reason(result, CHECK_SECURED, "further binds and connects, which are not listed: %u",
                     page->lost);
    judge_copies(result, page, maps, &tally);
}
