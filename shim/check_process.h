#ifndef CURVESHIM_SHIM_CHECK_PROCESS_H
#define CURVESHIM_SHIM_CHECK_PROCESS_H

#include <sys/types.h>

#include "shim/check_result.h"

/* Running processes: is everything that they say over ZeroMQ secured now. */
void check_process(struct check_result *result, pid_t pid, int timeout);

#endif
