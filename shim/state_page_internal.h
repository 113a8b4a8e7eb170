#ifndef CURVESHIM_SHIM_STATE_PAGE_INTERNAL_H
#define CURVESHIM_SHIM_STATE_PAGE_INTERNAL_H

#include "shim/state_page.h"

/* Between these two the caller may write on the page. NULL where there is none: then nothing is to
 * be ended. LOCK_PAGE is held meanwhile. */
struct state_page *state_page_begin(void);
void state_page_end(void);

/* A new page has neither peers nor troubles. With LOCK_PAGE held. */
void state_page_peers_begin(void);

/* Seconds since 1970 UTC. */
uint64_t state_page_now(void);

#endif
