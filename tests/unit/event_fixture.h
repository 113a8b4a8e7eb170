#ifndef CURVESHIM_TESTS_UNIT_EVENT_FIXTURE_H
#define CURVESHIM_TESTS_UNIT_EVENT_FIXTURE_H

#include "tests/unit/unit.h"

#include "certs/json.h"
#include "shim/event.h"

/* The last line that was formatted and, of JSON, what was read back from it. */
extern const struct event_origin origin;
extern struct json_object object;
extern char line[EVENT_LINE_MAX + 1];

/* Format an event, and hold what is true of every line against it. */
void text_line(const struct event *event, const struct event_origin *from);
void json_line(const struct event *event, const struct event_origin *from);

void assert_member(const char *name, const char *expected);

#endif
