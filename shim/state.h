#ifndef CURVESHIM_SHIM_STATE_H
#define CURVESHIM_SHIM_STATE_H

#include "shim/config.h"

/* The configuration of this process, read from the environment when the library was loaded; never
 * changes and never ends. */
const struct config *state_config(void);

/* The first ZeroMQ context is about to be made: registers the fork handlers and loads the keys, as
 * long as the program can still see them. 0, or -1 if the process can't be kept safe across a
 * fork. */
int state_prepare(void);

#endif
