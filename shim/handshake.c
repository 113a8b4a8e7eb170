#include "shim/handshake.h"

#include <stdio.h>
#include <string.h>

#include "shim/text.h"

static const struct {
    const char *label;
    const char *client; /* %s: the detail */
    const char *server; /* NULL: the same */
} texts[HANDSHAKE_REASONS] = {
    [HANDSHAKE_MECHANISM] = {"mechanism", "peer speaks %s", NULL},
    [HANDSHAKE_OLD] = {"old_zmtp", "peer speaks ZMTP 1 or 2", NULL},
    [HANDSHAKE_NOT_ZMTP] = {"not_zmtp", "peer does not speak ZMTP 3", NULL},
    [HANDSHAKE_NOT_CURVE] = {"not_curve",
                             "peer hung up at our greeting, as one that does not speak CURVE",
                             NULL},
    [HANDSHAKE_NO_GREETING] = {"no_greeting", "peer hung up without a greeting", NULL},
    [HANDSHAKE_WRONG_SERVER_KEY] = {"wrong_server_key",
                                    "wrong server key (the peer closed at our HELLO)",
                                    "wrong server key (the peer's HELLO cannot be opened)"},
    [HANDSHAKE_BOTH_CLIENTS] = {"both_clients", "peer is a CURVE client itself", NULL},
    [HANDSHAKE_BOTH_SERVERS] = {"both_servers",
                                "peer is a CURVE server itself (it greets and begins no handshake)",
                                NULL},
    [HANDSHAKE_ITSELF] = {"itself", "connected to itself", NULL},
    [HANDSHAKE_REFUSED] = {"refused", "refused by the peer's authenticator (%s)", NULL},
    [HANDSHAKE_REFUSED_FOR_GOOD] = {"refused_for_good",
                                    "refused for good by the peer's authenticator (%s)", NULL},
    [HANDSHAKE_TIMEOUT] = {"timeout", "timeout (%s)", NULL},
    [HANDSHAKE_HUNG_UP] = {"hung_up", "peer hung up in between (%s)", NULL},
    [HANDSHAKE_OVERSIZED] = {"oversized", "peer sent an oversized handshake frame", NULL},
    [HANDSHAKE_CONNECTION_REFUSED] = {"connection_refused", "connection refused (nobody listens)",
                                      NULL},
    [HANDSHAKE_UNREACHABLE] = {"unreachable", "unreachable (%s)", NULL},
    [HANDSHAKE_NAME] = {"name", "the host's name cannot be resolved (%s)", NULL},
};

const char *handshake_label(enum handshake_reason reason)
{
    return texts[reason].label;
}

bool handshake_is_usual(enum handshake_reason reason, bool connecting)
{
    return !connecting && (reason == HANDSHAKE_NO_GREETING || reason == HANDSHAKE_HUNG_UP);
}

enum handshake_reason handshake_mistake(enum handshake_reason reason)
{
    return reason == HANDSHAKE_NOT_CURVE ? HANDSHAKE_MECHANISM : reason;
}

void handshake_reason(char *text, size_t size, enum handshake_reason reason, bool connecting,
                      const char *detail)
{
    const char *format = texts[reason].client, *end = text + size, *at;

    if (!connecting && texts[reason].server != NULL)
        format = texts[reason].server;
    at = strstr(format, "%s");
    if (at == NULL) {
        (void)text_put(text, end, format);
        return;
    }
    text = text_put_some(text, end, format, (size_t)(at - format));
    text = text_put(text, end, detail);
    (void)text_put(text, end, at + 2);
}

static void wrong_server_key(char *text, size_t size, const struct handshake_about *about)
{
    if (!about->connecting)
        snprintf(text, size,
                 "give it the server.key of this server%s%s, in SECURE_ZMQ_SERVER_KEY or its "
                 "known_servers",
                 about->fingerprint[0] != '\0' ? ", fingerprint " : "", about->fingerprint);
    else if (about->source[0] == '\0')
        snprintf(text, size, "give the program the public key of the server at %s",
                 about->endpoint);
    else
        snprintf(text, size,
                 "%s has the key %s, which is not that of the server at %s: put its server.key "
                 "there",
                 about->source, about->fingerprint, about->endpoint);
}

static const char *simple_remedy(enum handshake_reason reason, bool connecting)
{
    switch (reason) {
    case HANDSHAKE_MECHANISM:
    case HANDSHAKE_OLD:
    case HANDSHAKE_NOT_CURVE:
        return "start it with curveshim too";
    case HANDSHAKE_NOT_ZMTP:
        return connecting ? "check the address" : "it is no ZeroMQ peer, or a very old one";
    case HANDSHAKE_NO_GREETING:
        return connecting ? "check the address; a proxy without a server behind it does this too"
                          : "a health check or a port scan does this";
    case HANDSHAKE_BOTH_CLIENTS:
        return "both sides connect: check which one is meant to bind";
    case HANDSHAKE_BOTH_SERVERS:
        return "both sides are servers: the one that connects has to be a CURVE client; start it "
               "with curveshim";
    case HANDSHAKE_ITSELF:
        return "nobody listens there, and the port is one that the kernel gives to clients: start "
               "the server, on a port below net.ipv4.ip_local_port_range";
    case HANDSHAKE_REFUSED:
        return "authorise this client's key there; the log of the server says why";
    case HANDSHAKE_REFUSED_FOR_GOOD:
        return "this key was revoked, or is not authorised there; after a new key is in place this "
               "program has to be started again";
    case HANDSHAKE_TIMEOUT:
        return connecting ? "is the program there alive, and a ZeroMQ server? check the address"
                          : "it is no ZeroMQ peer, or hangs";
    case HANDSHAKE_HUNG_UP:
        return connecting ? "the log of the server may say why"
                          : "the log of the client may say why";
    case HANDSHAKE_OVERSIZED:
        return "no CURVE peer does that: find out who it is";
    case HANDSHAKE_CONNECTION_REFUSED:
        return "start the server, or check the address";
    case HANDSHAKE_UNREACHABLE:
        return "check the address, the route and the firewalls between";
    case HANDSHAKE_NAME:
        return "check the name, and the resolver of this machine";
    default:
        return "";
    }
}

void handshake_remedy(char *text, size_t size, enum handshake_reason reason,
                      const struct handshake_about *about)
{
    if (reason == HANDSHAKE_WRONG_SERVER_KEY)
        wrong_server_key(text, size, about);
    else
        snprintf(text, size, "%s", simple_remedy(reason, about->connecting));
}
