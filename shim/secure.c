#include "shim/secure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "certs/wipe.h"
#include "shim/authenticator.h"
#include "shim/authorized.h"
#include "shim/bindings.h"
#include "shim/curve_options.h"
#include "shim/enforced.h"
#include "shim/keys.h"
#include "shim/listener.h"
#include "shim/metrics.h"
#include "shim/metrics_writer.h"
#include "shim/observer.h"
#include "shim/report.h"
#include "shim/secured_route.h"
#include "shim/state.h"
#include "shim/state_page.h"
#include "shim/superseded.h"
#include "shim/wire_peer.h"
#include "shim/zap.h"
#include "shim/zap_handler.h"

/* What a secured call needs, collected before anything is changed. */
struct material {
    struct keypair own;
    enum keys_second has_second; /* a server's, while it is rotated */
    struct keypair second;
    uint8_t server_key[KEY_BYTES];
    char server_text[KEY_Z85 + 1];
    char source[KEYS_SOURCE];
};

static int64_t real_call(const struct attempt *attempt)
{
    switch (attempt->call) {
    case CALL_BIND:
        return attempt->lib->bind(attempt->socket, attempt->endpoint);
    case CALL_CONNECT:
        return attempt->lib->connect(attempt->socket, attempt->endpoint);
    default:
        return attempt->lib->connect_peer(attempt->socket, attempt->endpoint);
    }
}

static bool succeeded(const struct attempt *attempt, int64_t result)
{
    return attempt->call == CALL_CONNECT_PEER ? result != 0 : result == 0;
}

static int64_t fail(const struct attempt *attempt, int code)
{
    errno = code;
    return attempt->call == CALL_CONNECT_PEER ? 0 : -1;
}

static void last_endpoint(const struct attempt *attempt, char resolved[BINDING_ENDPOINT])
{
    size_t size = BINDING_ENDPOINT;

    if (attempt->lib->getsockopt(attempt->socket, ZMQ_LAST_ENDPOINT, resolved, &size) != 0)
        resolved[0] = '\0';
}

/* Keys, and for a bind the set of clients. */
static int collect(const struct attempt *attempt, const struct config *config,
                   struct material *material, struct cert_error *error)
{
    enum keys_role role = attempt->call == CALL_BIND ? KEYS_SERVER : KEYS_CLIENT;
    struct keys_look look = {.config = config};

    material->has_second = KEYS_SECOND_NONE;
    if (keys_own(&material->own, role, &look, attempt->lib, error) != 0)
        return -1;
    if (role == KEYS_SERVER)
        return keys_second(&material->second, &material->has_second, &material->own, config,
                           attempt->lib, error) != 0
                   ? -1
                   : authorized_load(config, error);
    if (keys_server(material->server_key, material->source, attempt->endpoint, &look, error) != 0)
        return -1;
    z85_encode_key(material->server_text, material->server_key);
    return 0;
}

static int refuse_option(struct cert_error *error)
{
    int code = errno;

    return cert_fail(error, code == ETERM || code == ENOTSOCK ? code : EACCES,
                     "libzmq does not take the CURVE options: %s", strerror(code));
}

/* The listener is up: what is known of it, and the one beside it. -1 with *error. */
static int listening(const struct attempt *attempt, const struct config *config,
                     const struct material *material, struct overlap *overlap, const char *domain,
                     const char *resolved, struct cert_error *error)
{
    const bool older = material->has_second == KEYS_SECOND_SUPERSEDED;

    if (overlap != NULL)
        bindings_rotated(domain, !older);
    bindings_ready(domain, resolved);
    __atomic_store_n(&attempt->sock->has_bindings, true, __ATOMIC_RELAXED);
    return overlap == NULL ? 0
                           : listener_bind_second(attempt, config, overlap, &material->second,
                                                  older, resolved, error);
}

/* With the socket's latch held. The result of the real call, or -1 with *error and *refused. */
static int64_t call_secured(const struct attempt *attempt, const struct config *config,
                            const struct material *material, bool *refused,
                            struct cert_error *error, char resolved[BINDING_ENDPOINT])
{
    char domain[BINDING_DOMAIN] = "";
    struct overlap *overlap = NULL;
    struct options options;
    int64_t result = -1;

    *refused = true;
    options_start(&options, attempt->sock);
    if (material->has_second != KEYS_SECOND_NONE &&
        (overlap = listener_begin_second(attempt, error)) == NULL)
        return -1;
    if (attempt->call == CALL_BIND &&
        bindings_add(domain, attempt->socket, attempt->endpoint, attempt->type == ZMQ_REQ) != 0) {
        cert_fail(error, EACCES, "out of memory");
    } else if (curve_options_limit(&options, config) != 0 ||
               (attempt->call == CALL_BIND
                    ? curve_options_server(&options, &material->own, domain)
                    : curve_options_client(&options, &material->own, material->server_key)) != 0) {
        refuse_option(error);
    } else {
        *refused = false;
        /* The first attempt may have failed before the call returns. */
        if (attempt->call != CALL_BIND)
            secured_route(attempt, material->server_key, material->source, "");
        result = attempt->call == CALL_BIND ? listener_bind(attempt, attempt->endpoint)
                                            : real_call(attempt);
    }
    options_restore(&options);
    if (attempt->call != CALL_BIND)
        return result;
    if (*refused || result != 0) {
        int saved = errno;

        bindings_remove(domain);
        if (overlap != NULL)
            overlap_end(overlap);
        errno = saved;
        return result;
    }
    last_endpoint(attempt, resolved);
    if (listening(attempt, config, material, overlap, domain, resolved, error) == 0)
        return result;
    *refused = true;
    return -1;
}

static struct identity identify(const struct attempt *attempt, const struct material *material,
                                const char *resolved)
{
    struct identity identity = {.key = material->own.public_text, .resolved = resolved};

    if (material->has_second != KEYS_SECOND_NONE)
        identity.second_key = material->second.public_text;
    if (attempt->call != CALL_BIND) {
        identity.server_key = material->server_text;
        identity.source = material->source;
    }
    return identity;
}

static void note(const struct attempt *attempt, enum state_page_kind kind, const char *resolved)
{
    state_page_note(kind, attempt->call == CALL_BIND, attempt->socket, attempt->endpoint, resolved);
    if (attempt->sock != NULL)
        __atomic_store_n(&attempt->sock->noted, true, __ATOMIC_RELAXED);
}

static int64_t refuse(const struct attempt *attempt, const struct cert_error *error)
{
    /* An ending context or a socket that is none is libzmq's to report, not a refusal. */
    if (error->code == ETERM || error->code == ENOTSOCK)
        return fail(attempt, error->code);
    struct cert_error shown = *error;

    if (shown.code != EPROTONOSUPPORT && shown.code != ENOTSUP)
        shown.code = EACCES;
    report_refused(attempt, &shown);
    state_page_count(STATE_REFUSALS);
    metrics_count(METRIC_CALL_REFUSED, report_reason(shown.code));
    note(attempt, STATE_REFUSED, NULL);
    return fail(attempt, shown.code);
}

static int64_t secure(const struct attempt *attempt, const struct config *config,
                      struct cert_error *error)
{
    char resolved[BINDING_ENDPOINT] = "";
    struct material material;
    struct identity identity;
    bool refused = true;
    int64_t result = -1;
    int saved;

    if (attempt->call == CALL_BIND && config->authorized_any)
        report_any();
    if (collect(attempt, config, &material, error) == 0 &&
        (attempt->call != CALL_BIND || authenticator_ensure(attempt->sock->context, error) == 0))
        result = call_secured(attempt, config, &material, &refused, error, resolved);
    saved = errno;
    if (!refused && succeeded(attempt, result)) {
        identity = identify(attempt, &material, resolved[0] != '\0' ? resolved : NULL);
        report_start(config, attempt->lib);
        report_secured(attempt, &identity);
        note(attempt, STATE_SECURED, identity.resolved);
        metrics_count(attempt->call == CALL_BIND ? METRIC_CALL_SECURED_SERVER
                                                 : METRIC_CALL_SECURED_CLIENT,
                      NULL);
        if (attempt->call != CALL_BIND)
            superseded_warn(attempt, config);
        else
            secured_route(attempt, material.own.public_key, "", resolved);
    }
    wipe(&material, sizeof material);
    errno = saved;
    return refused ? refuse(attempt, error) : result;
}

static void audit(const struct attempt *attempt, const struct config *config, enum verdict verdict,
                  struct cert_error *error, const char *resolved, int failure)
{
    struct material material;
    struct identity identity = {.resolved = resolved};
    int saved = errno;

    if (verdict == VERDICT_SECURE && collect(attempt, config, &material, error) != 0) {
        if (error->code != EPROTONOSUPPORT && error->code != ENOTSUP)
            error->code = EACCES;
        verdict = VERDICT_REFUSE;
    }
    if (verdict == VERDICT_SECURE)
        identity = identify(attempt, &material, resolved);
    report_audit(attempt, verdict, &identity, error, failure);
    wipe(&material, sizeof material);
    errno = saved;
}

static int64_t call_audited(struct attempt *attempt, const struct config *config)
{
    char resolved[BINDING_ENDPOINT] = "";
    struct cert_error error;
    enum verdict verdict = attempt_judge(attempt, config, &error);
    int64_t result = real_call(attempt);
    int saved = errno;
    bool done = succeeded(attempt, result);

    if (done && attempt->call == CALL_BIND)
        last_endpoint(attempt, resolved);
    errno = saved;
    audit(attempt, config, verdict, &error, resolved[0] != '\0' ? resolved : NULL,
          done ? 0 : saved);
    return result;
}

static int64_t call_passed(const struct attempt *attempt, const struct config *config)
{
    struct cert_error error;

    if (!attempt_is_zap_handler(attempt, config))
        return real_call(attempt);
    if (zap_handler_prepare(attempt->sock->context, config, &error) != 0)
        return refuse(attempt, &error);
    return zap_handler_bind(attempt->sock);
}

/* A call that is left as it is, but remembered. */
static int64_t call_unchanged(const struct attempt *attempt, enum state_page_kind kind)
{
    char resolved[BINDING_ENDPOINT] = "";
    struct cert_error error;
    int64_t result;
    int saved, noted = attempt->sock != NULL ? enforced_note(attempt->sock)
                                             : enforced_unknown(attempt->lib, attempt->socket);

    if (noted < 0) {
        cert_fail(&error, errno, "its ZAP domain cannot be kept: %s", strerror(errno));
        return refuse(attempt, &error);
    }
    if (kind == STATE_PLAINTEXT && attempt->call != CALL_BIND)
        wire_peer_exempt(attempt->endpoint, NULL);
    if (attempt->call != CALL_BIND && attempt_is_curve_server(attempt))
        observer_server_connects();
    result = real_call(attempt);
    saved = errno;
    if (succeeded(attempt, result)) {
        if (attempt->call == CALL_BIND)
            last_endpoint(attempt, resolved);
        if (kind == STATE_PLAINTEXT && attempt->call == CALL_BIND)
            wire_peer_exempt(attempt->endpoint, resolved);
        note(attempt, kind, resolved);
        if (kind == STATE_OWN_CURVE)
            secured_route(attempt, NULL, "", resolved);
    } else if (noted > 0) {
        enforced_failed(attempt->sock);
    }
    errno = saved;
    return result;
}

static int64_t call_judged(struct attempt *attempt, const struct config *config)
{
    struct cert_error error;

    switch (attempt_judge(attempt, config, &error)) {
    case VERDICT_PASS:
        return call_passed(attempt, config);
    case VERDICT_OWN_CURVE:
        report_own_curve(attempt);
        return call_unchanged(attempt, STATE_OWN_CURVE);
    case VERDICT_PLAINTEXT:
        report_plaintext(attempt);
        metrics_count(METRIC_CALL_EXEMPTED, NULL);
        return call_unchanged(attempt, STATE_PLAINTEXT);
    case VERDICT_SECURE:
        return secure(attempt, config, &error);
    case VERDICT_FAIL:
        return fail(attempt, error.code);
    default:
        return refuse(attempt, &error);
    }
}

static int64_t call_on(struct attempt *attempt, const struct config *config)
{
    int64_t result;

    if (attempt->sock == NULL)
        return call_judged(attempt, config);
    /* From the judgement on: what another thread has set for its call must not be taken for the
     * program's own. */
    pthread_mutex_lock(&attempt->sock->latch);
    result = call_judged(attempt, config);
    pthread_mutex_unlock(&attempt->sock->latch);
    return result;
}

static int64_t call_resolved(enum attempt_call call, void *socket, const char *endpoint,
                             const void *caller)
{
    const struct config *config = state_config();
    struct attempt attempt = {.call = call, .socket = socket, .endpoint = endpoint};
    int64_t result;

    attempt.sock = registry_socket(socket);
    attempt.lib = attempt.sock != NULL ? attempt.sock->lib : zmqlib_for_caller(caller);
    if (attempt.lib == NULL || (call == CALL_CONNECT_PEER && attempt.lib->connect_peer == NULL)) {
        result = fail(&attempt, ENOSYS);
    } else {
        report_configuration(config);
        result = config->mode == CONFIG_ON      ? call_on(&attempt, config)
                 : config->mode == CONFIG_AUDIT ? call_audited(&attempt, config)
                                                : real_call(&attempt);
        metrics_writer_ensure(config);
    }
    if (attempt.sock != NULL) {
        int saved = errno;

        registry_release_socket(attempt.sock);
        errno = saved;
    }
    return result;
}

int64_t secure_call(enum attempt_call call, void *socket, const char *endpoint, const void *caller)
{
    int64_t result;
    int cancel;

    /* Reading keys has cancellation points, and a thread that ended there would leave its latches
     * locked, its keys unwiped and the socket with half of the options. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    result = call_resolved(call, socket, endpoint, caller);
    pthread_setcancelstate(cancel, NULL);
    return result;
}
