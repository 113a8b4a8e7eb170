#include "shim/zap.h"

#include <string.h>

static int take_text(char *text, const struct zap_frame *frame)
{
    if (frame->size > ZAP_FRAME_MAX)
        return -1;
    if (frame->size > 0)
        memcpy(text, frame->data, frame->size);
    text[frame->size] = '\0';
    return 0;
}

static int frame_is(const struct zap_frame *frame, const char *text)
{
    return frame->size == strlen(text) && memcmp(frame->data, text, frame->size) == 0;
}

int zap_request_parse(struct zap_request *request, const struct zap_frame *frames, size_t count)
{
    memset(request, 0, sizeof *request);
    if (count < ZAP_REQUEST_FRAMES - 1 || !frame_is(&frames[0], "1.0"))
        return -1;
    if (take_text(request->id, &frames[1]) != 0 || take_text(request->domain, &frames[2]) != 0 ||
        take_text(request->address, &frames[3]) != 0)
        return -1;
    request->id_length = frames[1].size;
    if (frame_is(&frames[5], "CURVE")) {
        if (count != ZAP_REQUEST_FRAMES || frames[6].size != KEY_BYTES)
            return -1;
        memcpy(request->key, frames[6].data, KEY_BYTES);
        request->mechanism = ZAP_CURVE;
    } else if (frame_is(&frames[5], "NULL")) {
        request->mechanism = ZAP_NULL;
    } else if (frame_is(&frames[5], "PLAIN")) {
        request->mechanism = ZAP_PLAIN;
    } else if (frame_is(&frames[5], "GSSAPI")) {
        request->mechanism = ZAP_GSSAPI;
    }
    return 0;
}

int zap_reply_parse(struct zap_reply *reply, const struct zap_frame *frames, size_t count,
                    const char *id, size_t id_length)
{
    const char *status;

    if (count != ZAP_REPLY_FRAMES || !frame_is(&frames[0], "1.0") || frames[1].size != id_length ||
        (id_length > 0 && memcmp(frames[1].data, id, id_length) != 0) || frames[2].size != 3)
        return -1;
    status = frames[2].data;
    if (status[0] < '2' || status[0] > '5' || status[1] != '0' || status[2] != '0')
        return -1;
    reply->status = (status[0] - '0') * 100;
    reply->metadata = frames[5];
    return 0;
}

size_t zap_metadata(uint8_t *buffer, size_t size, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    uint8_t *at = buffer;

    if (name_length > 255 || size < 5 || size - 5 < name_length ||
        size - 5 - name_length < value_length)
        return 0;
    *at++ = (uint8_t)name_length;
    memcpy(at, name, name_length);
    at += name_length;
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(value_length >> shift);
    memcpy(at, value, value_length);
    return 5 + name_length + value_length;
}
