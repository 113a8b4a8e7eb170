#ifndef CURVESHIM_SHIM_BACKGROUND_H
#define CURVESHIM_SHIM_BACKGROUND_H

#include <pthread.h>

/* Threads of the library's own: all signals blocked, a small stack. 0 or an errno value. */
int background_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
