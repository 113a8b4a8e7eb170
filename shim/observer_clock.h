#ifndef CURVESHIM_SHIM_OBSERVER_CLOCK_H
#define CURVESHIM_SHIM_OBSERVER_CLOCK_H

/* A thread that looks after handshakes which have stopped without anybody's call telling so: a
 * peer that says nothing, a descriptor that libzmq has closed. It sleeps while there is none. */

/* Starts it, if this process does not have it. Not having it costs the lines that only it would
 * write. Thread-safe. */
void observer_clock_start(void);
/* The last context has ended: ends it, and waits for that. */
void observer_clock_stop(void);

/* A handshake has begun. Async-signal-safe. */
void observer_clock_wake(void);

/* In the child of a fork. */
void observer_clock_forked(void);

#endif
