#include "shim/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shim/rfc3339.h"

#define MESSAGE_ROOM 1280
/* Escaped: all fields, their names included, and the message fit in a line. */
#define FIELDS_ROOM 2600
#define NAME_ROOM 36
#define VALUE_ROOM 224

struct out {
    char *at;
    char *end; /* room for "\n" and NUL is kept behind it */
};

void event_init(struct event *event, enum event_level level, const char *name, const char *message)
{
    memset(event, 0, sizeof *event);
    event->level = level;
    event->name = name;
    event->message = message;
}

void event_text(struct event *event, const char *name, const char *text)
{
    if (text == NULL || event->count == EVENT_FIELDS)
        return;
    event->fields[event->count].name = name;
    event->fields[event->count++].text = text;
}

void event_number(struct event *event, const char *name, int64_t number)
{
    if (event->count == EVENT_FIELDS)
        return;
    event->fields[event->count].name = name;
    event->fields[event->count].text = NULL;
    event->fields[event->count++].number = number;
}

const char *event_level_name(enum event_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return names[level];
}

static void put(struct out *out, const char *text)
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

/* Puts text escaped, at most room bytes of it; "…" marks a cut. The escapes are JSON's, which
 * serve in text lines as well; a byte that is not UTF-8 shows as U+FFFD in JSON, \xNN in text. */
static void put_escaped(struct out *out, const char *text, size_t room, bool json)
{
    char *limit = out->at + room < out->end ? out->at + room : out->end;

    while (*text != '\0') {
        uint32_t code;
        char piece[16];
        int length = utf8((const unsigned char *)text, &code);

        if (length == 0 && json)
            strcpy(piece, "\\ufffd");
        else if (length == 0)
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)*text);
        else if (harmless(code))
            snprintf(piece, sizeof piece, "%.*s", length, text);
        else if (code == '"' || code == '\\')
            snprintf(piece, sizeof piece, "\\%c", (char)code);
        else if (code > 0xffff)
            snprintf(piece, sizeof piece, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                     0xdc00 + ((code - 0x10000) & 0x3ff));
        else
            snprintf(piece, sizeof piece, "\\u%04x", code);
        if (strlen(piece) + 3 > (size_t)(limit - out->at)) {
            put(out, "\xe2\x80\xa6");
            return;
        }
        put(out, piece);
        text += length == 0 ? 1 : length;
    }
}

static size_t value_room(const struct event *event)
{
    size_t fair = event->count > 0 ? FIELDS_ROOM / event->count - NAME_ROOM : VALUE_ROOM;

    return fair < VALUE_ROOM ? fair : VALUE_ROOM;
}

static size_t finish(char *line, struct out *out)
{
    *out->at++ = '\n';
    *out->at = '\0';
    return (size_t)(out->at - line);
}

size_t event_format_text(char line[EVENT_LINE_MAX + 1], const struct event *event,
                         const struct event_origin *origin)
{
    struct out out = {line, line + EVENT_LINE_MAX - 1};
    char text[64];

    rfc3339_format(text, origin->seconds, origin->milliseconds);
    put(&out, text);
    put(&out, " ");
    put_escaped(&out, origin->program, 64, false);
    snprintf(text, sizeof text, "[%d] %s %s: ", origin->pid, event_level_name(event->level),
             event->name);
    put(&out, text);
    put_escaped(&out, event->message, MESSAGE_ROOM, false);
    for (size_t i = 0; i < event->count; i++) {
        const struct event_field *field = &event->fields[i];

        put(&out, " ");
        put(&out, field->name);
        if (field->text != NULL) {
            put(&out, "=\"");
            put_escaped(&out, field->text, value_room(event), false);
            put(&out, "\"");
        } else {
            snprintf(text, sizeof text, "=%" PRId64, field->number);
            put(&out, text);
        }
    }
    return finish(line, &out);
}

static void put_json(struct out *out, const char *name, const char *text, size_t room)
{
    put(out, ",\"");
    put(out, name);
    put(out, "\":\"");
    put_escaped(out, text, room, true);
    put(out, "\"");
}

size_t event_format_json(char line[EVENT_LINE_MAX + 1], const struct event *event,
                         const struct event_origin *origin)
{
    /* The closing brace is kept out of what the values may use. */
    struct out out = {line, line + EVENT_LINE_MAX - 2};
    char text[64];

    put(&out, "{\"time\":\"");
    rfc3339_format(text, origin->seconds, origin->milliseconds);
    put(&out, text);
    put(&out, "\"");
    put_json(&out, "level", event_level_name(event->level), 16);
    put_json(&out, "event", event->name, 32);
    snprintf(text, sizeof text, ",\"pid\":%d", origin->pid);
    put(&out, text);
    put_json(&out, "program", origin->program, 64);
    for (size_t i = 0; i < event->count; i++) {
        const struct event_field *field = &event->fields[i];

        if (field->text != NULL) {
            put_json(&out, field->name, field->text, value_room(event));
        } else {
            snprintf(text, sizeof text, ",\"%s\":%" PRId64, field->name, field->number);
            put(&out, text);
        }
    }
    put_json(&out, "message", event->message, MESSAGE_ROOM);
    out.end++;
    put(&out, "}");
    return finish(line, &out);
}
