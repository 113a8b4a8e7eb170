#ifndef CURVESHIM_SHIM_OBSERVER_REPORT_H
#define CURVESHIM_SHIM_OBSERVER_REPORT_H

#include <stdbool.h>

/* The observer's lines. errno is left alone. */

/* A handshake other than CURVE's was stopped before its deciding byte left. spoken: what it was;
 * caller: an address in the object that sent it. */
void observer_report_blocked(int fd, bool connecting, const char *spoken, const void *caller);

/* A handshake failed for what the peer sent. */
void observer_report_failed(int fd, bool connecting, const char *reason, const char *remedy);

#endif
