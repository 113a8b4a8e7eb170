#ifndef CURVESHIM_SHIM_HANDSHAKE_H
#define CURVESHIM_SHIM_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

/* Why a handshake failed, in words and with the remedy. Pure. */

enum handshake_reason {
    HANDSHAKE_MECHANISM, /* detail: NULL, PLAIN … */
    HANDSHAKE_OLD,       /* ZMTP 1 or 2 */
    HANDSHAKE_NOT_ZMTP,
    HANDSHAKE_NOT_CURVE,   /* it hung up at our greeting */
    HANDSHAKE_NO_GREETING, /* it hung up, and had said nothing */
    HANDSHAKE_WRONG_SERVER_KEY,
    HANDSHAKE_BOTH_CLIENTS,
    HANDSHAKE_BOTH_SERVERS,
    HANDSHAKE_ITSELF,           /* connected to its own end */
    HANDSHAKE_REFUSED,          /* by the peer's authenticator; detail: how */
    HANDSHAKE_REFUSED_FOR_GOOD, /* detail: the code */
    HANDSHAKE_TIMEOUT,          /* detail: in which state */
    HANDSHAKE_HUNG_UP,          /* detail: likewise */
    HANDSHAKE_OVERSIZED,
    HANDSHAKE_CONNECTION_REFUSED,
    HANDSHAKE_UNREACHABLE, /* detail: why */
    HANDSHAKE_NAME,        /* of the host; detail: why */
    HANDSHAKE_REASONS
};

#define HANDSHAKE_DETAIL 64

/* What the remedy depends on. */
struct handshake_about {
    bool connecting;
    const char *endpoint;
    const char *source;      /* of the server's key, or "" */
    const char *fingerprint; /* of the server's key that this side has, or "" */
};

/* "wrong_server_key": what never changes, for machines. */
const char *handshake_label(enum handshake_reason reason);

/* Reasons that are usual, a health check for one, are no warnings. */
bool handshake_is_usual(enum handshake_reason reason, bool connecting);

/* "wrong server key (the peer closed at our HELLO)": without the part in parentheses, the text is
 * one of a fixed set. */
void handshake_reason(char *text, size_t size, enum handshake_reason reason, bool connecting,
                      const char *detail);
/* What to do about it. */
void handshake_remedy(char *text, size_t size, enum handshake_reason reason,
                      const struct handshake_about *about);

/* Reasons that are the same mistake, seen earlier or later. Repeats are counted by this. */
enum handshake_reason handshake_mistake(enum handshake_reason reason);

#endif
