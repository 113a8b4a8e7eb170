#include "shim/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim/authorized.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/whereabouts.h"

#define FIRST_SAFE_RELEASE ZMQLIB_VERSION(4, 3, 3)

static bool first_time(bool *done)
{
    return !__atomic_exchange_n(done, true, __ATOMIC_RELAXED);
}

static const char *type_name(int type)
{
    static const char *const names[] = {"PAIR",   "PUB",    "SUB",    "REQ",  "REP",    "DEALER",
                                        "ROUTER", "PULL",   "PUSH",   "XPUB", "XSUB",   "STREAM",
                                        "SERVER", "CLIENT", "RADIO",  "DISH", "GATHER", "SCATTER",
                                        "DGRAM",  "PEER",   "CHANNEL"};

    return type >= 0 && (size_t)type < sizeof names / sizeof *names ? names[type] : NULL;
}

static const char *error_name(int code)
{
    return code == EACCES            ? "EACCES"
           : code == EPROTONOSUPPORT ? "EPROTONOSUPPORT"
           : code == ENOTSUP         ? "ENOTSUP"
                                     : strerror(code);
}

static void start(struct event *event, const struct attempt *attempt, enum event_level level,
                  const char *name, const char *message)
{
    event_init(event, level, name, message);
    event_text(event, "endpoint", attempt->endpoint);
    event_text(event, "call", attempt_name(attempt));
    event_text(event, "socket", type_name(attempt->type));
}

static void add_resolved(struct event *event, const struct attempt *attempt, const char *resolved)
{
    if (resolved != NULL && strcmp(resolved, attempt->endpoint) != 0)
        event_text(event, "resolved", resolved);
}

static void add_identity(struct event *event, const struct attempt *attempt,
                         const struct identity *identity)
{
    event_text(event, "role", attempt->call == CALL_BIND ? "server" : "client");
    event_text(event, "key", identity->key);
    event_text(event, "second_key", identity->second_key);
    event_text(event, "server_key", identity->server_key);
    event_text(event, "source", identity->source);
}

void report_secured(const struct attempt *attempt, const struct identity *identity)
{
    const bool bind = attempt->call == CALL_BIND;
    struct event event;

    if (!log_wants(EVENT_INFO))
        return;
    start(&event, attempt, EVENT_INFO, bind ? "bind" : "connect",
          bind ? "secured as CURVE server" : "secured as CURVE client");
    add_resolved(&event, attempt, identity->resolved);
    add_identity(&event, attempt, identity);
    log_event(&event);
}

void report_connects_once(const struct attempt *attempt)
{
    struct event event;

    start(&event, attempt, EVENT_WARNING, "connect",
          "this socket does not reconnect, and the server's key is being rotated: restart the "
          "program after each restart of the server");
    event_text(&event, "role", "client");
    log_repeatable(&event, attempt->endpoint, "connects once");
}

void report_own_curve(const struct attempt *attempt)
{
    struct event event;

    if (!log_wants(EVENT_INFO))
        return;
    start(&event, attempt, EVENT_INFO, attempt->call == CALL_BIND ? "bind" : "connect",
          "left alone: the program secured this socket with CURVE by itself");
    log_event(&event);
}

void report_plaintext(const struct attempt *attempt)
{
    struct event event;

    start(&event, attempt, EVENT_WARNING, "plaintext",
          "in clear: the endpoint is exempted by SECURE_ZMQ_PLAINTEXT");
    log_repeatable(&event, attempt->endpoint, attempt_name(attempt));
}

const char *report_reason(int code)
{
    return code == EPROTONOSUPPORT ? "CURVE cannot protect it"
           : code == ENOTSUP       ? "this libzmq cannot do it"
                                   : "keys or configuration unusable";
}

void report_refused(const struct attempt *attempt, const struct cert_error *error)
{
    char message[1200];
    struct event event;

    snprintf(message, sizeof message, "%s refused: %s", attempt_name(attempt), error->text);
    start(&event, attempt, EVENT_ERROR, "refused", message);
    event_text(&event, "error", error_name(error->code));
    event_text(&event, "reason", report_reason(error->code));
    log_repeatable(&event, attempt->endpoint, error->text);
}

void report_audit(const struct attempt *attempt, enum verdict verdict,
                  const struct identity *identity, const struct cert_error *error, int failure)
{
    static const char *const outcomes[] = {NULL,     "own-curve", "plaintext",
                                           "secure", "refuse",    NULL};
    struct whereabouts here;
    char message[1200];
    struct event event;

    if (outcomes[verdict] == NULL)
        return;
    whereabouts_find(&here);
    snprintf(message, sizeof message, "audit, nothing was changed: SECURE_ZMQ=1 would %s%s",
             verdict == VERDICT_SECURE   ? (attempt->call == CALL_BIND ? "make this a CURVE server"
                                                                       : "make this a CURVE client")
             : verdict == VERDICT_REFUSE ? "refuse this: "
             : verdict == VERDICT_PLAINTEXT ? "leave this in clear, as SECURE_ZMQ_PLAINTEXT says"
                                            : "leave this alone: the program uses CURVE by itself",
             verdict == VERDICT_REFUSE ? error->text : "");
    start(&event, attempt, EVENT_INFO, attempt->call == CALL_BIND ? "bind" : "connect", message);
    event.always = true;
    event_text(&event, "audit", outcomes[verdict]);
    event_text(&event, "host", here.host);
    event_text(&event, "script", here.script[0] != '\0' ? here.script : NULL);
    event_text(&event, "unit", here.unit[0] != '\0' ? here.unit : NULL);
    event_text(&event, "failed", failure != 0 ? strerror(failure) : NULL);
    add_resolved(&event, attempt, identity->resolved);
    if (attempt->call == CALL_BIND && failure == 0)
        event_text(&event, "addresses", here.addresses);
    if (verdict == VERDICT_SECURE && failure == 0)
        add_identity(&event, attempt, identity);
    if (verdict == VERDICT_REFUSE)
        event_text(&event, "error", error_name(error->code));
    log_event(&event);
}

void report_configuration(const struct config *config)
{
    static bool done;
    struct event event;

    if ((config->warning[0] == '\0' && !config->others_set) || !first_time(&done))
        return;
    event_init(&event, EVENT_WARNING, "config", config->warning);
    if (config->warning[0] != '\0')
        log_event(&event);
    if (!config->others_set)
        return;
    event.message = "ZeroMQ connections of this process are in clear: other SECURE_ZMQ_ variables "
                    "are set, but SECURE_ZMQ is not. Set SECURE_ZMQ=1, or SECURE_ZMQ=0 to silence "
                    "this";
    log_event(&event);
}

void report_start(const struct config *config, const struct zmqlib *lib)
{
    static bool done;
    char message[1200];
    struct event event;

    if (!first_time(&done))
        return;
    snprintf(message, sizeof message,
             "curveshim " CURVESHIM_VERSION ": on, certificates %.900s, "
             "%zu authorised",
             config->certs, authorized_count(config));
    event_init(&event, EVENT_INFO, "config", message);
    event.always = true;
    event_text(&event, "library", lib->file);
    log_event(&event);
    if (lib->release >= FIRST_SAFE_RELEASE)
        return;
    snprintf(message, sizeof message,
             "libzmq %d.%d.%d has holes that need no authentication (CVE-2019-13132, "
             "CVE-2020-15166): update it to 4.3.3 or newer",
             lib->release / 10000, lib->release / 100 % 100, lib->release % 100);
    event_init(&event, EVENT_WARNING, "config", message);
    log_event(&event);
}

void report_any(void)
{
    static bool done;
    struct event event;

    if (!first_time(&done))
        return;
    event_init(&event, EVENT_WARNING, "config",
               "SECURE_ZMQ_AUTHORIZED=any: connections are encrypted, but every client may "
               "connect, whoever it is");
    log_event(&event);
}
