#ifndef CURVESHIM_SHIM_RFC3339_H
#define CURVESHIM_SHIM_RFC3339_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3339 date-times. Pure. */

/* Seconds since 1970 UTC; fractions are cut, a leap second counts as the second before. False for
 * anything that is not a whole RFC 3339 date-time with its offset. */
bool rfc3339_parse(int64_t *seconds, const char *text);

#define RFC3339_SIZE 25 /* "2026-01-02T03:04:05.678Z" and NUL */

/* Writes a UTC time with milliseconds. Async-signal-safe. */
void rfc3339_format(char text[RFC3339_SIZE], int64_t seconds, unsigned milliseconds);

#endif
