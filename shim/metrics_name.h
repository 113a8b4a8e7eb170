#ifndef CURVESHIM_SHIM_METRICS_NAME_H
#define CURVESHIM_SHIM_METRICS_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The names of the files of metrics: curveshim-HOST-PID-STARTTIME.prom. Pure. */

#define METRICS_HOST 65
#define METRICS_NAME 160
#define METRICS_TEMPORARY ".tmp" /* put after a name while the file is being written */

/* What may stand in a file's name of a host's: others become '_'. */
void metrics_host(char host[METRICS_HOST], const char *name);

/* start: when the process started, in clock ticks since the boot: tells processes apart that have
 * had the same number. */
struct metrics_owner {
    pid_t pid;
    uint64_t start;
};

void metrics_name(char name[METRICS_NAME], const char *host, const struct metrics_owner *owner);

/* Whose file, or temporary file, that is; false if it is not one of that host's. */
bool metrics_name_parse(struct metrics_owner *owner, const char *name, const char *host);

#endif
