#ifndef CURVESHIM_SHIM_UNIT_NAME_H
#define CURVESHIM_SHIM_UNIT_NAME_H

#include <stddef.h>

/* The systemd service that a process belongs to. Pure.
 *
 * text is what /proc/PID/cgroup holds: takes "brain.service" of "0::/system.slice/brain.service",
 * or of the hierarchy name=systemd. "" where there is none, or it does not fit. */
void unit_name(char *name, size_t size, const char *text);

#endif
