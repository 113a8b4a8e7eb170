#include "shim/event_out.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shim/event.h"

/* Escaped: all fields, their names included, and the message fit in a line. */
#define FIELDS_ROOM 2600
#define NAME_ROOM 36
#define VALUE_ROOM 224

void out_put(struct out *out, const char *text)
{
    size_t length = strlen(text);

    if (length > (size_t)(out->end - out->at))
        length = (size_t)(out->end - out->at);
    memcpy(out->at, text, length);
    out->at += length;
}

/* The length of the well-formed UTF-8 sequence at text, 0 if there is none; *code its value. */
static int utf8(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = text[0] < 0x80             ? 1
                 : (text[0] & 0xe0) == 0xc0 ? 2
                 : (text[0] & 0xf0) == 0xe0 ? 3
                 : (text[0] & 0xf8) == 0xf0 ? 4
                                            : 0;

    if (length <= 1) {
        *code = text[0];
        return length;
    }
    *code = text[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return length;
}

static bool harmless(uint32_t code)
{
    if (code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0xa0))
        return false;
    return code != 0x61c && !(code >= 0x200b && code <= 0x200f) &&
           !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2060 && code <= 0x206f) &&
           code != 0xfeff && code < 0xe0000;
}

/* In structured data a backslash is only an escape before these three. */
static void escape(char piece[16], uint32_t code, enum out_style style)
{
    const char *backslash = style == OUT_SD ? "\\\\" : "\\";

    if (code == '"' || code == '\\')
        snprintf(piece, 16, "\\%c", (char)code);
    else if (code > 0xffff)
        snprintf(piece, 16, "%su%04x%su%04x", backslash, 0xd800 + ((code - 0x10000) >> 10),
                 backslash, 0xdc00 + ((code - 0x10000) & 0x3ff));
    else
        snprintf(piece, 16, "%su%04x", backslash, code);
}

void out_put_escaped(struct out *out, const char *text, size_t room, enum out_style style)
{
    char *limit = out->at + room < out->end ? out->at + room : out->end;

    while (*text != '\0') {
        uint32_t code;
        char piece[16];
        int length = utf8((const unsigned char *)text, &code);

        if (length == 0 && style == OUT_TEXT)
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)*text);
        else if (length == 0)
            strcpy(piece, style == OUT_JSON ? "\\ufffd" : "\xef\xbf\xbd");
        else if (style == OUT_SD && code == ']')
            strcpy(piece, "\\]");
        else if (harmless(code))
            snprintf(piece, sizeof piece, "%.*s", length, text);
        else
            escape(piece, code, style);
        if (strlen(piece) + 3 > (size_t)(limit - out->at)) {
            out_put(out, "\xe2\x80\xa6");
            return;
        }
        out_put(out, piece);
        text += length == 0 ? 1 : length;
    }
}

size_t out_value_room(const struct event *event)
{
    size_t fair = event->count > 0 ? FIELDS_ROOM / event->count - NAME_ROOM : VALUE_ROOM;

    return fair < VALUE_ROOM ? fair : VALUE_ROOM;
}

static void put_number(struct out *out, const char *name, int64_t number)
{
    char text[64];

    out_put(out, " ");
    out_put(out, name);
    snprintf(text, sizeof text, "=%" PRId64, number);
    out_put(out, text);
}

void out_put_body(struct out *out, const struct event *event, int64_t dropped)
{
    out_put_escaped(out, event->message, EVENT_MESSAGE_ROOM, OUT_TEXT);
    for (size_t i = 0; i < event->count; i++) {
        const struct event_field *field = &event->fields[i];

        if (field->text == NULL) {
            put_number(out, field->name, field->number);
            continue;
        }
        out_put(out, " ");
        out_put(out, field->name);
        out_put(out, "=\"");
        out_put_escaped(out, field->text, out_value_room(event), OUT_TEXT);
        out_put(out, "\"");
    }
    if (dropped > 0)
        put_number(out, "dropped", dropped);
}
