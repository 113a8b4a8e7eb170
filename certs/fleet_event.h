#ifndef CURVESHIM_CERTS_FLEET_EVENT_H
#define CURVESHIM_CERTS_FLEET_EVENT_H

#include <stddef.h>

#include "certs/json.h"

/* What one line of a log says about a bind or connect. Pure; the line may be anybody's. */

enum fleet_call { FLEET_BIND, FLEET_CONNECT };

enum fleet_sort {
    FLEET_WANTED,  /* curveshim secures it, or would with certificates */
    FLEET_BEYOND,  /* CURVE can't protect it */
    FLEET_BY_HAND, /* the program secured the socket by itself */
    FLEET_FAILED,  /* the call failed without curveshim too */
};

struct fleet_event {
    enum fleet_call call;
    enum fleet_sort sort;
    long pid;
    const char *endpoint; /* as the program passed it */
    const char
        *resolved; /* where a bind listens; "" if the line doesn't say, as in all that follows */
    const char *addresses; /* of a bind's machine, separated by spaces */
    const char *reason;    /* of FLEET_FAILED */
    const char *program, *script, *unit, *host;
    /* What containers are made alike for: docker compose's service, a Kubernetes deployment. */
    char service[64];
};

enum fleet_line {
    FLEET_LINE_EVENT,
    FLEET_LINE_OTHER,  /* not about a bind or connect */
    FLEET_LINE_TEXT,   /* about one, but in the text format */
    FLEET_LINE_BROKEN, /* begins like an event, and can't be read */
};

/* Takes length bytes without the newline, and what docker compose writes before a line ("NAME-1  |
 * "); line needs one byte more, and is changed. What *event holds points into line and *object. */
enum fleet_line fleet_event_read(struct fleet_event *event, struct json_object *object, char *line,
                                 size_t length);

#endif
