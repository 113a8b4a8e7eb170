#ifndef CURVESHIM_SHIM_METRICS_WRITER_H
#define CURVESHIM_SHIM_METRICS_WRITER_H

#include "shim/config.h"

/* Who writes the metrics down: a thread of the process's own, so that a file system that hangs, or
 * is full, holds nobody up. It writes when something has changed, once a second at the most, and
 * ends by itself when the process has no context any more. What is counted in the last second
 * before a process ends may be missing from its file. */

/* Starts it, if SECURE_ZMQ_METRICS asks for it and this process does not have it. Cheap when there
 * is nothing to do; never fails a call; errno is left alone. Not async-signal-safe. */
void metrics_writer_ensure(const struct config *config);

#endif
