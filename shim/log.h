#ifndef CURVESHIM_SHIM_LOG_H
#define CURVESHIM_SHIM_LOG_H

#include "shim/config.h"
#include "shim/event.h"

/* Where events go. Thread-safe; errno and signals of the caller are left alone; never blocks on a
 * full pipe or terminal; never raises SIGPIPE. What the sink would not take is counted, and told
 * with the next line that it takes, as a field "dropped". */

/* Remembers the configuration (borrowed for ever) and which file descriptor 2 is. */
void log_start(const struct config *config);

/* Whether an event of that level would be written. */
bool log_wants(enum event_level level);

/* Writes the event as one line. */
void log_event(const struct event *event);

/* The same for what a peer or a retrying program can cause again and again: at once the first
 * time, then at growing intervals for the same (event, peer, reason), with the number held back as
 * a field "repeated"; and for all of them together at a bounded rate. */
void log_repeatable(struct event *event, const char *peer, const char *reason);

/* The same, but what a peer repeats within 10 s is not written a second time before these are
 * over. */
void log_burst(struct event *event, const char *peer, const char *reason);
/* Whether such a line of an event would be written now; *repeated: how many were held back before
 * it. To be asked before a costly line is put together, which log_event then writes. */
bool log_burst_passes(enum event_level level, const char *event, const char *peer,
                      const char *reason, unsigned *repeated);
/* That is over: the next one is written at once. */
void log_burst_over(const char *event, const char *peer, const char *reason);

/* In the child of a fork. */
void log_forked(void);

#endif
