#include "shim/auth_event.h"

#include <stdio.h>

#include "certs/z85.h"
#include "shim/log.h"
#include "shim/state_page.h"

/* What there is to do about it. */
static const char *remedy(const struct decision *decision)
{
    if (decision->superseded)
        return ": replace it on the client before 'curveshim-cert rotate ... --finish'";
    if (decision->status == 200)
        return "";
    return decision->status >= 400 ? "; it is told to give up"
                                   : "; its connection is closed in a second, so that it can try "
                                     "again";
}

static enum event_level level(const struct decision *decision)
{
    return decision->status == 200 && !decision->superseded ? EVENT_INFO : EVENT_WARNING;
}

static const char *endpoint(const struct auth_asker *asker)
{
    const struct binding *binding = asker->binding;

    return binding->resolved[0] != '\0' ? binding->resolved : binding->endpoint;
}

static void write_event(const struct decision *decision, const struct auth_asker *asker,
                        const char *message, const char *connection)
{
    const bool allow = decision->status == 200;
    char key[KEY_Z85 + 1], peer[KEY_Z85 + 8];
    struct event event;

    z85_encode_key(key, asker->key);
    event_init(&event, level(decision), "auth", message);
    event_text(&event, "result", allow ? "allow" : "deny");
    event_text(&event, "reason", decision->reason);
    event_text(&event, "key", key);
    event_text(&event, "name", decision->name);
    event_text(&event, "address", asker->address);
    event_text(&event, "endpoint", endpoint(asker));
    event_text(&event, "connection", connection);
    if (allow && connection == NULL) {
        log_event(&event);
        return;
    }
    /* The end of a connection is not a repeat of the refusals that follow it. */
    snprintf(peer, sizeof peer, "%s %s", key, connection != NULL ? connection : "");
    log_burst(&event, peer, decision->reason);
}

void auth_event_decided(const struct decision *decision, const struct auth_asker *asker)
{
    const bool allow = decision->status == 200;
    char message[400];

    if (!allow)
        state_page_trouble(true, decision->name, asker->address, endpoint(asker), decision->reason);
    if (!log_wants(level(decision)))
        return;
    snprintf(message, sizeof message, "%s: %s%s", allow ? "client accepted" : "client refused",
             decision->reason, remedy(decision));
    write_event(decision, asker, message, NULL);
}

void auth_event_in_use(const struct decision *decision, const struct auth_asker *asker)
{
    char message[400];

    if (!log_wants(EVENT_WARNING))
        return;
    snprintf(message, sizeof message, "client is still connected: %s%s", decision->reason,
             remedy(decision));
    write_event(decision, asker, message, "live");
}

void auth_event_ended(const struct decision *decision, const struct auth_asker *asker)
{
    char message[400];

    if (!log_wants(EVENT_WARNING))
        return;
    snprintf(message, sizeof message, "client's connection ended: %s", decision->reason);
    write_event(decision, asker, message, "ended");
}
