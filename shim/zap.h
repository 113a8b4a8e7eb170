#ifndef CURVESHIM_SHIM_ZAP_H
#define CURVESHIM_SHIM_ZAP_H

#include <stddef.h>
#include <stdint.h>

#include "certs/z85.h"

/* ZAP 1.0 (ZeroMQ RFC 27): the frames between libzmq and an authenticator. Pure. */

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
/* version, request id, domain, address, routing id, mechanism, key */
#define ZAP_REQUEST_FRAMES 7
#define ZAP_REPLY_FRAMES 6 /* version, request id, status, text, user id, metadata */
#define ZAP_FRAME_MAX 255

enum zap_mechanism { ZAP_OTHER, ZAP_NULL, ZAP_PLAIN, ZAP_CURVE, ZAP_GSSAPI };

struct zap_frame {
    const void *data;
    size_t size;
};

struct zap_request {
    char id[ZAP_FRAME_MAX + 1];
    size_t id_length;
    char domain[ZAP_FRAME_MAX + 1];  /* NUL-terminated; bytes after an embedded NUL are lost */
    char address[ZAP_FRAME_MAX + 1]; /* numeric IP, or "localhost:uid:gid:pid" for ipc */
    enum zap_mechanism mechanism;
    uint8_t key[KEY_BYTES]; /* CURVE only: the client's long-term public key */
};

/* Reads count frames (after the envelope). 0; -1 if they are not a ZAP 1.0 request. */
int zap_request_parse(struct zap_request *request, const struct zap_frame *frames, size_t count);

/* What an authenticator answers. */
struct zap_reply {
    int status; /* 200, 300, 400 or 500 */
    struct zap_frame metadata;
};

/* Reads count frames (after the envelope). 0; -1 if libzmq would not take them for an answer to the
 * request with that id. */
int zap_reply_parse(struct zap_reply *reply, const struct zap_frame *frames, size_t count,
                    const char *id, size_t id_length);

/* Writes one metadata property (name length, name, value length big-endian, value). Returns the
 * bytes written, or 0 if they do not fit in size. */
size_t zap_metadata(uint8_t *buffer, size_t size, const char *name, const char *value);

#endif
