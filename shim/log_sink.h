#ifndef CURVESHIM_SHIM_LOG_SINK_H
#define CURVESHIM_SHIM_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Where lines go: each takes a whole line in one system call or loses it. None waits for a reader,
 * a terminal or a full queue, and none raises a signal that would end or stop the program.
 * Thread-safe; errno says why a line was lost. */

/* Remembers which file descriptor 2 is: lines go there only as long as it is that file. */
void log_sink_start(void);

bool log_sink_stderr(const char *line, size_t length);

/* Opened anew for each line, so that a rotated file is left at once. */
bool log_sink_file(const char *path, const char *line, size_t length);

/* One datagram to the system's log. */
bool log_sink_syslog(const char *datagram, size_t length);

#endif
