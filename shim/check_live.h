#ifndef CURVESHIM_SHIM_CHECK_LIVE_H
#define CURVESHIM_SHIM_CHECK_LIVE_H

#include <stdio.h>
#include <sys/types.h>

#include "shim/check_value.h"
#include "shim/state_page.h"

/* What goes on in a process: its endpoints, who is connected, and what keeps others out. */

/* "python3 brain/main.py", to be freed. */
char *live_program(pid_t pid);

/* The table: its heading, and the rows of a process. page NULL: there is nothing to tell but why.
 */
void live_heading(FILE *out);
void live_rows(FILE *out, pid_t pid, const struct state_page *page, const char *why);

/* The same for JSON. Connections that have ended are left out. */
struct check_value *live_peers(pid_t pid, const struct state_page *page);
struct check_value *live_troubles(const struct state_page *page);

#endif
