#include "shim/attempt.h"

#include <errno.h>
#include <string.h>

#include "shim/endpoint.h"
#include "shim/zap.h"

/* Draft socket types and options that stock headers leave out, from libzmq's zmq_draft.h. */
#define TYPE_DGRAM 18

const char *attempt_name(const struct attempt *attempt)
{
    static const char *const names[] = {"zmq_bind", "zmq_connect", "zmq_connect_peer"};
    return names[attempt->call];
}

static int integer_option(const struct attempt *attempt, int option, int *value)
{
    size_t size = sizeof *value;

    return attempt->lib->getsockopt(attempt->socket, option, value, &size);
}

static bool is_exempted(const struct attempt *attempt, const struct config *config)
{
    char resolved[ENDPOINT_RESOLVED];
    int ipv6 = 0;

    if (config->plaintext.count == 0)
        return false;
    if (glob_list_match(&config->plaintext, attempt->endpoint))
        return true;
    return attempt->call == CALL_BIND && integer_option(attempt, ZMQ_IPV6, &ipv6) == 0 &&
           endpoint_resolve(resolved, attempt->endpoint, ipv6 != 0) &&
           glob_list_match(&config->plaintext, resolved);
}

static enum verdict judge_library(const struct attempt *attempt, struct cert_error *error)
{
    const struct zmqlib *lib = attempt->lib;

    if (!lib->has_curve)
        cert_fail(error, ENOTSUP,
                  "this copy of libzmq (%s, %d.%d.%d) was built without CURVE: use one that has it",
                  lib->file[0] != '\0' ? lib->file : "in the program itself", lib->release / 10000,
                  lib->release / 100 % 100, lib->release % 100);
    else if (lib->release < ZMQLIB_OLDEST)
        cert_fail(error, ENOTSUP,
                  "this copy of libzmq (%s, %d.%d.%d) cannot be made to fail closed: 4.2.3 or "
                  "newer is needed",
                  lib->file[0] != '\0' ? lib->file : "in the program itself", lib->release / 10000,
                  lib->release / 100 % 100, lib->release % 100);
    else if (attempt->sock == NULL)
        cert_fail(error, EACCES,
                  "this socket was created where curveshim could not see it: please report how the "
                  "program reaches libzmq");
    else
        return VERDICT_SECURE;
    return VERDICT_REFUSE;
}

static enum verdict judge_socket(struct attempt *attempt, struct cert_error *error)
{
    int mechanism;

    if (integer_option(attempt, ZMQ_TYPE, &attempt->type) != 0 ||
        integer_option(attempt, ZMQ_MECHANISM, &mechanism) != 0) {
        cert_fail(error, errno, "%s", strerror(errno));
        return VERDICT_FAIL;
    }
    if (attempt->type == ZMQ_STREAM || attempt->type == TYPE_DGRAM ||
        (attempt->sock != NULL && attempt->sock->router_raw)) {
        cert_fail(error, EPROTONOSUPPORT,
                  "a %s socket speaks no ZMTP, so CURVE cannot protect it: exempt its endpoint "
                  "with SECURE_ZMQ_PLAINTEXT if it may stay in clear",
                  attempt->type == ZMQ_STREAM   ? "ZMQ_STREAM"
                  : attempt->type == TYPE_DGRAM ? "ZMQ_DGRAM"
                                                : "ZMQ_ROUTER_RAW");
        return VERDICT_REFUSE;
    }
    if (mechanism == ZMQ_CURVE)
        return VERDICT_OWN_CURVE;
    if (mechanism != ZMQ_NULL) {
        cert_fail(error, EPROTONOSUPPORT,
                  "the program set up %s for this socket, which CURVE would replace: take it out "
                  "of the program, or exempt the endpoint with SECURE_ZMQ_PLAINTEXT",
                  mechanism == ZMQ_PLAIN ? "PLAIN" : "GSSAPI");
        return VERDICT_REFUSE;
    }
    return judge_library(attempt, error);
}

bool attempt_is_zap_handler(const struct attempt *attempt, const struct config *config)
{
    return attempt->call == CALL_BIND && attempt->endpoint != NULL &&
           strcmp(attempt->endpoint, ZAP_ENDPOINT) == 0 && attempt->sock != NULL &&
           config->error[0] == '\0' && attempt->lib->has_curve &&
           attempt->lib->release >= ZMQLIB_OLDEST;
}

bool attempt_is_curve_server(const struct attempt *attempt)
{
    int server;

    return integer_option(attempt, ZMQ_CURVE_SERVER, &server) == 0 && server != 0;
}

enum verdict attempt_judge(struct attempt *attempt, const struct config *config,
                           struct cert_error *error)
{
    enum transport transport =
        attempt->endpoint == NULL ? TRANSPORT_NONE : endpoint_transport(attempt->endpoint);

    attempt->type = -1;
    if (transport == TRANSPORT_NONE || transport == TRANSPORT_INPROC)
        return VERDICT_PASS;
    if (config->error[0] != '\0') {
        cert_fail(error, EACCES, "%s", config->error);
        return VERDICT_REFUSE;
    }
    if (is_exempted(attempt, config))
        return VERDICT_PLAINTEXT;
    if (transport == TRANSPORT_OTHER) {
        cert_fail(error, EPROTONOSUPPORT,
                  "CURVE cannot protect this transport: use tcp or ipc, or exempt the endpoint "
                  "with SECURE_ZMQ_PLAINTEXT if it may stay in clear");
        return VERDICT_REFUSE;
    }
    return judge_socket(attempt, error);
}
