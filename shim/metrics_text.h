#ifndef CURVESHIM_SHIM_METRICS_TEXT_H
#define CURVESHIM_SHIM_METRICS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The metrics as Prometheus reads them (text format 0.0.4). Pure. */

#define METRICS_TEXT_ROOM 65536

struct metrics_process {
    const char *comment; /* the first line, without newline */
    const char *program;
    const char *process; /* unique among all whose files are read together */
    const char *mode;    /* "on" */
    int64_t started;     /* milliseconds since 1970 UTC */
};

/* Writes all of them and a NUL; the length, or 0 if there is no room. Values that are not printable
 * ASCII show as '_'. */
size_t metrics_format(char text[METRICS_TEXT_ROOM], const struct metrics_process *process);

#endif
