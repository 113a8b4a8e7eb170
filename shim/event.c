#include "shim/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shim/event_out.h"
#include "shim/rfc3339.h"

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
    out_put(&out, text);
    out_put(&out, " ");
    out_put_escaped(&out, origin->program, 64, OUT_TEXT);
    snprintf(text, sizeof text, "[%d] %s %s: ", origin->pid, event_level_name(event->level),
             event->name);
    out_put(&out, text);
    out_put_body(&out, event, origin->dropped);
    return finish(line, &out);
}

static void put_json(struct out *out, const char *name, const char *text, size_t room)
{
    out_put(out, ",\"");
    out_put(out, name);
    out_put(out, "\":\"");
    out_put_escaped(out, text, room, OUT_JSON);
    out_put(out, "\"");
}

size_t event_format_json(char line[EVENT_LINE_MAX + 1], const struct event *event,
                         const struct event_origin *origin)
{
    /* The closing brace is kept out of what the values may use. */
    struct out out = {line, line + EVENT_LINE_MAX - 2};
    char text[64];

    out_put(&out, "{\"time\":\"");
    rfc3339_format(text, origin->seconds, origin->milliseconds);
    out_put(&out, text);
    out_put(&out, "\"");
    put_json(&out, "level", event_level_name(event->level), 16);
    put_json(&out, "event", event->name, 32);
    snprintf(text, sizeof text, ",\"pid\":%d", origin->pid);
    out_put(&out, text);
    put_json(&out, "program", origin->program, 64);
    for (size_t i = 0; i < event->count; i++) {
        const struct event_field *field = &event->fields[i];

        if (field->text != NULL) {
            put_json(&out, field->name, field->text, out_value_room(event));
        } else {
            snprintf(text, sizeof text, ",\"%s\":%" PRId64, field->name, field->number);
            out_put(&out, text);
        }
    }
    if (origin->dropped > 0) {
        snprintf(text, sizeof text, ",\"dropped\":%" PRId64, origin->dropped);
        out_put(&out, text);
    }
    put_json(&out, "message", event->message, EVENT_MESSAGE_ROOM);
    out.end++;
    out_put(&out, "}");
    return finish(line, &out);
}
