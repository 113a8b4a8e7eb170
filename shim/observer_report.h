#ifndef CURVESHIM_SHIM_OBSERVER_REPORT_H
#define CURVESHIM_SHIM_OBSERVER_REPORT_H

#include <stdbool.h>

/* A handshake other than CURVE's was stopped before its deciding byte left. spoken: what it was;
 * caller: an address in the object that sent it. errno is left alone. */
void observer_report_blocked(int fd, bool connecting, const char *spoken, const void *caller);

#endif
