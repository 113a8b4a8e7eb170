#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shim/zap.h"

/* Frames of a request or a reply, each behind a byte with its size (three more above 250, so that
 * some are longer than a frame may be); then what a reply's metadata is made of.
 */

#define FRAMES 12

static void check_request(const struct zap_request *request, const struct zap_frame *frames,
                          size_t count)
{
    CHECK(count >= ZAP_REQUEST_FRAMES - 1);
    CHECK(frames[0].size == 3 && memcmp(frames[0].data, "1.0", 3) == 0);
    CHECK(request->id_length == frames[1].size && request->id_length <= ZAP_FRAME_MAX);
    CHECK(memcmp(request->id, frames[1].data, frames[1].size) == 0);
    CHECK(strlen(request->domain) <= frames[2].size);
    CHECK(strlen(request->address) <= frames[3].size);
    if (request->mechanism != ZAP_CURVE)
        return;
    CHECK(count == ZAP_REQUEST_FRAMES && frames[6].size == KEY_BYTES);
    CHECK(memcmp(request->key, frames[6].data, KEY_BYTES) == 0);
}

static void check_reply(const struct zap_frame *frames, size_t count)
{
    const struct zap_frame *id = &frames[1];
    struct zap_reply reply;

    if (count < 2 || zap_reply_parse(&reply, frames, count, id->data, id->size) != 0)
        return;
    CHECK(count == ZAP_REPLY_FRAMES && frames[2].size == 3);
    CHECK(reply.status == 200 || reply.status == 300 || reply.status == 400 || reply.status == 500);
    CHECK(reply.metadata.data == frames[5].data && reply.metadata.size == frames[5].size);
    CHECK(zap_reply_parse(&reply, frames, count, id->data, id->size + 1) == -1);
}

/* Read back as libzmq reads it: name length, name, value length (4 bytes), value. */
static void check_metadata(const char *name, const char *value, size_t room)
{
    uint8_t *buffer = malloc(room + 1);
    size_t length, name_length = strlen(name), value_length = strlen(value);

    CHECK(buffer != NULL);
    length = zap_metadata(buffer, room, name, value);
    if (length == 0) {
        CHECK(name_length > 255 || 5 + name_length + value_length > room);
    } else {
        CHECK(length == 5 + name_length + value_length && length <= room);
        CHECK(buffer[0] == name_length && memcmp(buffer + 1, name, name_length) == 0);
        buffer += 1 + name_length;
        CHECK(((size_t)buffer[0] << 24 | (size_t)buffer[1] << 16 | (size_t)buffer[2] << 8 |
               buffer[3]) == value_length);
        CHECK(memcmp(buffer + 4, value, value_length) == 0);
        buffer -= 1 + name_length;
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *owned[FRAMES];
    struct zap_frame frames[FRAMES] = {{NULL, 0}};
    struct zap_request request;
    struct fuzz_piece piece;
    size_t count = 0, room = size % 600;
    char *name, *value;

    for (; count < FRAMES && size > 0; count++) {
        size_t length = data[0] <= 250 ? data[0] : data[0] + 3u;

        if (length >= size)
            length = size - 1;
        owned[count] = malloc(length + 1);
        CHECK(owned[count] != NULL);
        memcpy(owned[count], data + 1, length);
        frames[count].data = owned[count];
        frames[count].size = length;
        data += length + 1;
        size -= length + 1;
    }
    if (zap_request_parse(&request, frames, count) == 0)
        check_request(&request, frames, count);
    check_reply(frames, count);
    while (count > 0)
        free(owned[--count]);
    piece = fuzz_cut(&data, &size, '\n');
    name = fuzz_text(piece.data, piece.size);
    value = fuzz_text(data, size);
    check_metadata(name, value, room);
    free(name);
    free(value);
    return 0;
}
