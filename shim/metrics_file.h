#ifndef CURVESHIM_SHIM_METRICS_FILE_H
#define CURVESHIM_SHIM_METRICS_FILE_H

#include "shim/metrics_owner.h"

/* The file of metrics of this process in the directory of all. Only for the thread that writes it;
 * any call may hang as long as the file system does. 0, or -1 with errno. */

/* Untouched for so long, the file of a process that can't be looked up here (another container,
 * another machine of that name, before the last boot) counts as left behind. */
#define METRICS_FILE_STALE 900
#define METRICS_FILE_TOUCH 60

/* Replaces it as a whole, mode 0644. */
int metrics_file_write(const char *directory, const struct metrics_self *self, const char *text,
                       size_t length);

/* Says that the process lives. ENOENT: the file is gone, and has to be written again. */
int metrics_file_touch(const char *directory, const struct metrics_self *self);

/* Removes what processes of this host have left behind; needs the own file to be there. */
void metrics_file_sweep(const char *directory, const struct metrics_self *self);

#endif
