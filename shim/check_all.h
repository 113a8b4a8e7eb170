#ifndef CURVESHIM_SHIM_CHECK_ALL_H
#define CURVESHIM_SHIM_CHECK_ALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* The processes that have libzmq or curveshim loaded, as far as we may look; to be freed. Their
 * number. */
size_t check_all_pids(pid_t **pids);

/* Writes the table of some processes, or (pids NULL) of all that have libzmq or curveshim loaded.
 * Asks no endpoint, so it may be repeated. The exit status: 0 if all are secured, 1 if one is not,
 * 2 if it can't be told. */
int check_all(FILE *out, const pid_t *pids, size_t count);

/* The same again and again, every so many seconds, until it is interrupted (then 0) or none of the
 * processes is left; on a terminal in place. */
int check_watch(const pid_t *pids, size_t count, long seconds);

#endif
