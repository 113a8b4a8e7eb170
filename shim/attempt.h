#ifndef CURVESHIM_SHIM_ATTEMPT_H
#define CURVESHIM_SHIM_ATTEMPT_H

#include "certs/error.h"
#include "shim/config.h"
#include "shim/registry.h"

/* One call of zmq_bind, zmq_connect or zmq_connect_peer, and what is to become of it. */

enum attempt_call { CALL_BIND, CALL_CONNECT, CALL_CONNECT_PEER };

struct attempt {
    enum attempt_call call;
    const struct zmqlib *lib;
    struct sock *sock; /* NULL: made where the library could not see it */
    void *socket;
    const char *endpoint;
    int type; /* ZMQ_TYPE */
};

enum verdict {
    VERDICT_PASS,      /* not ours: inproc, or libzmq will refuse it by itself */
    VERDICT_OWN_CURVE, /* the program secured the socket by itself */
    VERDICT_PLAINTEXT, /* exempted */
    VERDICT_SECURE,
    VERDICT_REFUSE, /* *error says why; code is the errno for the program */
    VERDICT_FAIL,   /* libzmq's own error: code is its errno */
};

const char *attempt_name(const struct attempt *attempt);

/* Decides by endpoint, socket and configuration; reads no file and changes nothing. Fills in
 * attempt->type. */
enum verdict attempt_judge(struct attempt *attempt, const struct config *config,
                           struct cert_error *error);

/* Whether the program binds a ZAP handler of its own where the shim may need an authenticator. */
bool attempt_is_zap_handler(const struct attempt *attempt, const struct config *config);

/* Whether the program itself made the socket a CURVE server. */
bool attempt_is_curve_server(const struct attempt *attempt);

#endif
