#include "shim/metrics_table.h"

#include <stddef.h>
#include <string.h>

static const char *const handshake_reasons[] = {
    "peer speaks NULL",
    "peer speaks PLAIN",
    "peer speaks GSSAPI",
    "peer speaks an unknown mechanism",
    "peer speaks ZMTP 1 or 2",
    "peer does not speak ZMTP 3",
    "peer hung up at our greeting, as one that does not speak CURVE",
    "peer hung up without a greeting",
    "wrong server key",
    "peer is a CURVE client itself",
    "peer is a CURVE server itself",
    "connected to itself",
    "timeout",
    "peer hung up in between",
    "connection refused",
    "unreachable",
    "the host's name cannot be resolved",
    "peer sent an oversized handshake frame",
    "refused by the peer's authenticator",
    "refused for good by the peer's authenticator",
    "other",
    NULL,
};

static const char *const allowed_reasons[] = {
    "authorised", "superseded key", "any key is accepted", "other", NULL,
};

static const char *const denied_reasons[] = {
    "unknown key",
    "revoked",
    "expired",
    "not yet valid",
    "endpoint not allowed",
    "address not allowed",
    "address denied by SECURE_ZMQ_DENY",
    "address not in SECURE_ZMQ_ALLOW",
    "the connection could not be identified",
    "the endpoint is closing",
    "refused by the program's ZAP handler",
    "other",
    NULL,
};

static const char *const refused_reasons[] = {
    "CURVE cannot protect it",
    "this libzmq cannot do it",
    "keys or configuration unusable",
    "other",
    NULL,
};

static const char *const blocked_reasons[] = {
    "NULL",  "PLAIN", "GSSAPI", "an unknown mechanism", "ZMTP 1 or 2", "ZMTP over WebSocket",
    "other", NULL,
};

#define HANDSHAKES "curveshim_handshakes_total", "ZMTP handshakes that came to an end."
#define AUTHENTICATIONS                                                                            \
    "curveshim_authentications_total", "Clients that the authenticator let in or refused."
#define CALLS_SECURED                                                                              \
    "curveshim_secured_calls_total", "Binds (server) and connects (client) that were secured."
#define RELOADS                                                                                    \
    "curveshim_reloads_total", "Changes of the authorised and revoked keys that were taken over, " \
                               "and files or directories that could not be."
#define CONNECTIONS "curveshim_connections", "Secured connections that are established now."
#define EXPIRY                                                                                     \
    "curveshim_certificate_expiry_timestamp_seconds",                                              \
        "When the own certificates expire (server, client), and the next of the authorised ones."

const struct metric_row metrics_rows[METRIC_COUNT] = {
    [METRIC_HANDSHAKE_SERVER_OK] = {HANDSHAKES, "role=\"server\",result=\"ok\"", NULL},
    [METRIC_HANDSHAKE_CLIENT_OK] = {HANDSHAKES, "role=\"client\",result=\"ok\"", NULL},
    [METRIC_HANDSHAKE_SERVER_FAILED] = {HANDSHAKES, "role=\"server\",result=\"failed\"",
                                        handshake_reasons},
    [METRIC_HANDSHAKE_CLIENT_FAILED] = {HANDSHAKES, "role=\"client\",result=\"failed\"",
                                        handshake_reasons},
    [METRIC_AUTHENTICATION_ALLOWED] = {AUTHENTICATIONS, "result=\"allow\"", allowed_reasons},
    [METRIC_AUTHENTICATION_DENIED] = {AUTHENTICATIONS, "result=\"deny\"", denied_reasons},
    [METRIC_CONNECTION_ENDED] = {"curveshim_connections_ended_total",
                                 "Established connections that were ended because they are no "
                                 "longer allowed.",
                                 NULL, denied_reasons},
    [METRIC_CALL_SECURED_SERVER] = {CALLS_SECURED, "role=\"server\"", NULL},
    [METRIC_CALL_SECURED_CLIENT] = {CALLS_SECURED, "role=\"client\"", NULL},
    [METRIC_CALL_EXEMPTED] =
        {"curveshim_exempted_calls_total",
         "Binds and connects that stay in clear, as SECURE_ZMQ_PLAINTEXT says.", NULL, NULL},
    [METRIC_CALL_REFUSED] = {"curveshim_refused_calls_total", "Binds and connects that failed.",
                             NULL, refused_reasons},
    [METRIC_BLOCKED] = {"curveshim_blocked_total",
                        "Connections in clear that were stopped on the wire.", NULL,
                        blocked_reasons},
    [METRIC_RELOAD_OK] = {RELOADS, "result=\"ok\"", NULL},
    [METRIC_RELOAD_FAILED] = {RELOADS, "result=\"failed\"", NULL},
    [METRIC_AUTHENTICATOR_FAILED] = {"curveshim_authenticator_failures_total",
                                     "Authenticators that ended before their context.", NULL, NULL},
    [METRIC_LOG_WRITTEN] = {"curveshim_log_lines_total", "Lines that the log took.", NULL, NULL},
    [METRIC_LOG_DROPPED] = {"curveshim_log_dropped_total",
                            "Lines that were lost, because the log would not take them without "
                            "waiting.",
                            NULL, NULL},
    [METRIC_LOG_HELD_BACK] = {"curveshim_log_held_back_total",
                              "Lines that were not written because they repeat one.", NULL, NULL},
};

const struct gauge_row metrics_gauge_rows[GAUGE_COUNT] = {
    [GAUGE_CONNECTIONS_SERVER] = {CONNECTIONS, "role=\"server\"", false},
    [GAUGE_CONNECTIONS_CLIENT] = {CONNECTIONS, "role=\"client\"", false},
    [GAUGE_AUTHENTICATORS] = {"curveshim_authenticators",
                              "Authenticators that are up: one for each context that binds.", NULL,
                              false},
    [GAUGE_AUTHORISED] = {"curveshim_authorised_keys", "Keys that may connect.", NULL, false},
    [GAUGE_REVOKED] = {"curveshim_revoked_keys", "Keys that may never connect again.", NULL, false},
    [GAUGE_EXPIRY_SERVER] = {EXPIRY, "certificate=\"server\"", true},
    [GAUGE_EXPIRY_CLIENT] = {EXPIRY, "certificate=\"client\"", true},
    [GAUGE_EXPIRY_AUTHORISED] = {EXPIRY, "certificate=\"authorised\"", true},
};

unsigned metrics_reason(const struct metric_row *row, const char *reason)
{
    const char *parenthesis;
    size_t length;
    unsigned i;

    if (row->reasons == NULL)
        return 0;
    reason = reason != NULL ? reason : "";
    parenthesis = strstr(reason, " (");
    length = parenthesis != NULL ? (size_t)(parenthesis - reason) : strlen(reason);
    for (i = 0; row->reasons[i + 1] != NULL; i++)
        if (strlen(row->reasons[i]) == length && memcmp(row->reasons[i], reason, length) == 0)
            break;
    return i;
}
