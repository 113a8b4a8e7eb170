#ifndef CURVESHIM_SHIM_REVIEW_H
#define CURVESHIM_SHIM_REVIEW_H

#include "shim/authorized.h"

/* Live connections are held to the set of clients as it is now, not as it was when they were let
 * in: when the set changes, or a certificate's time is up, each of them is decided again as if it
 * asked now, and the connections that would not be let in are ended. One review for the process, by
 * whichever authenticator is awake. Thread-safe. */

/* A connection was let in by this decision. */
void review_expect(const struct decision *decision);

/* Does what there is to do; milliseconds until it wants to be called again, or -1: not before the
 * set changes. */
long review_work(void);

/* In the child of a fork. */
void review_forked(void);

#endif
