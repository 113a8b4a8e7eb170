#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shim/event.h"
#include "shim/event_out.h"
#include "shim/rfc3339.h"

#define FACILITY 10 /* authpriv */
/* IANA keeps names without "@" for itself; 32473 stands for any private enterprise (RFC 5612). */
#define SD_ID "curveshim@32473"

static void put_parameter(struct out *out, const char *name, const char *value, size_t room)
{
    out_put(out, " ");
    out_put(out, name);
    out_put(out, "=\"");
    out_put_escaped(out, value, room, OUT_SD);
    out_put(out, "\"");
}

static void put_number(struct out *out, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    put_parameter(out, name, text, sizeof text);
}

static void put_structured_data(struct out *out, const struct event *event,
                                const struct event_origin *origin)
{
    out_put(out, "[" SD_ID);
    put_parameter(out, "program", origin->program, 64);
    put_parameter(out, "level", event_level_name(event->level), 16);
    for (size_t i = 0; i < event->count; i++) {
        const struct event_field *field = &event->fields[i];

        if (field->text != NULL)
            put_parameter(out, field->name, field->text, out_value_room(event));
        else
            put_number(out, field->name, field->number);
    }
    if (origin->dropped > 0)
        put_number(out, "dropped", origin->dropped);
    out_put(out, "]");
}

/* HOSTNAME: printable ASCII. */
static void put_host(struct out *out, const char *host)
{
    char name[256];
    size_t length = 0;

    for (; length < sizeof name - 1 && host[length] != '\0'; length++)
        name[length] = (char)(host[length] > ' ' && host[length] <= '~' ? host[length] : '_');
    name[length] = '\0';
    out_put(out, length > 0 ? name : "-");
}

size_t event_format_syslog(char datagram[EVENT_SYSLOG_MAX + 1], const struct event *event,
                           const struct event_origin *origin, const char *host, bool json)
{
    static const int severity[] = {3, 4, 6, 7};
    struct out out = {datagram, datagram + EVENT_SYSLOG_MAX};
    char time[RFC3339_SIZE], text[64];

    rfc3339_format(time, origin->seconds, origin->milliseconds);
    snprintf(text, sizeof text, "<%d>1 %s ", FACILITY * 8 + severity[event->level], time);
    out_put(&out, text);
    put_host(&out, host);
    snprintf(text, sizeof text, " curveshim %d %s ", origin->pid, event->name);
    out_put(&out, text);
    put_structured_data(&out, event, origin);
    out_put(&out, " ");
    /* All values together leave that much room. */
    if (json && out.end - out.at >= EVENT_LINE_MAX) {
        out.at += event_format_json(out.at, event, origin) - 1;
    } else {
        out_put_escaped(&out, origin->program, 64, OUT_TEXT);
        snprintf(text, sizeof text, " %s %s: ", event_level_name(event->level), event->name);
        out_put(&out, text);
        out_put_body(&out, event, origin->dropped);
    }
    *out.at = '\0';
    return (size_t)(out.at - datagram);
}
