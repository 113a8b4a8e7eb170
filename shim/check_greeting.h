#ifndef CURVESHIM_SHIM_CHECK_GREETING_H
#define CURVESHIM_SHIM_CHECK_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a listener says first. Pure. */

#define GREETING_SIZE 64
#define GREETING_OPENING 12 /* the signature and the version: all that most peers wait for */

enum greeting_kind {
    GREETING_NONE,  /* nothing yet */
    GREETING_PART,  /* it may become ZMTP */
    GREETING_ZMTP3, /* complete: version and mechanism are known */
    GREETING_ZMTP2,
    GREETING_ZMTP1,
    GREETING_FOREIGN,
};

struct greeting {
    enum greeting_kind kind;
    unsigned major, minor;
    char mechanism[21];
    bool as_server;
    char looks_like[64]; /* of GREETING_FOREIGN */
};

/* What was received so far. Bytes that don't begin like ZMTP 3 stay GREETING_FOREIGN or
 * GREETING_ZMTP1, but more of them can make looks_like more exact. */
void greeting_read(struct greeting *greeting, const unsigned char *data, size_t size);

/* Ours: ZMTP 3.1, CURVE, client. */
void greeting_write(unsigned char out[GREETING_SIZE]);

#endif
