#ifndef CURVESHIM_SHIM_EVENT_OUT_H
#define CURVESHIM_SHIM_EVENT_OUT_H

#include <stddef.h>
#include <stdint.h>

/* What the spellings of an event share. Pure. */

#define EVENT_MESSAGE_ROOM 1280

struct out {
    char *at;
    char *end; /* what must follow in any case has room behind it */
};

/* As much as there is room for. */
void out_put(struct out *out, const char *text);

enum out_style {
    OUT_TEXT, /* JSON's escapes; a byte that is not UTF-8 shows as \xNN */
    OUT_JSON, /* such a byte shows as U+FFFD */
    OUT_SD,   /* RFC 5424, a value of structured data: the same, and its own escapes around that */
};

/* Puts text escaped, at most room bytes of it; "…" marks a cut. */
void out_put_escaped(struct out *out, const char *text, size_t room, enum out_style style);

struct event;
/* For each value, escaped: all of them, their names and the message fit in a line. */
size_t out_value_room(const struct event *event);
/* The message and the fields, as in text lines. */
void out_put_body(struct out *out, const struct event *event, int64_t dropped);

#endif
