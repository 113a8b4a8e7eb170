#ifndef CURVESHIM_SHIM_WAIT_H
#define CURVESHIM_SHIM_WAIT_H

/* The shorter of two waits in milliseconds; negative is for ever. */
static inline long wait_shorter(long a, long b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

#endif
