#ifndef CURVESHIM_SHIM_EVENT_H
#define CURVESHIM_SHIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events and their two spellings. Pure: no clock, no descriptor. */

enum event_level { EVENT_ERROR, EVENT_WARNING, EVENT_INFO, EVENT_DEBUG };

#define EVENT_LINE_MAX 4096 /* the newline included */
#define EVENT_FIELDS 14

struct event_field {
    const char *name;
    const char *text; /* NULL: number counts */
    int64_t number;
};

struct event {
    enum event_level level;
    bool always;      /* shown at every log level */
    const char *name; /* "bind", "auth" … */
    const char *message;
    size_t count;
    struct event_field fields[EVENT_FIELDS];
};

/* Who writes, and when. */
struct event_origin {
    int64_t seconds;
    unsigned milliseconds;
    int pid;
    const char *program;
    int64_t dropped; /* lines that the log would not take since the last that it took */
};

void event_init(struct event *event, enum event_level level, const char *name, const char *message);
/* text is borrowed until the event is written; a NULL text adds nothing. */
void event_text(struct event *event, const char *name, const char *text);
void event_number(struct event *event, const char *name, int64_t number);

const char *event_level_name(enum event_level level);

/* Write one line, newline and NUL included, of at most EVENT_LINE_MAX bytes; return its length.
 * Control characters, quotes, backslashes, bidirectional controls and bytes that are not UTF-8 are
 * escaped, so that no value can forge a line or a field; long values are cut. */
size_t event_format_text(char line[EVENT_LINE_MAX + 1], const struct event *event,
                         const struct event_origin *origin);
size_t event_format_json(char line[EVENT_LINE_MAX + 1], const struct event *event,
                         const struct event_origin *origin);

#define EVENT_SYSLOG_MAX (2 * EVENT_LINE_MAX - 1) /* what rsyslog takes by default */

/* A datagram of syslog (RFC 5424), facility authpriv, with the fields as structured data, and as
 * message the JSON line, or the text line without what the header says. host: "" if not known. */
size_t event_format_syslog(char datagram[EVENT_SYSLOG_MAX + 1], const struct event *event,
                           const struct event_origin *origin, const char *host, bool json);

#endif
