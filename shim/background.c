#include "shim/background.h"

#include <errno.h>
#include <signal.h>

#define STACK_SIZE (256 * 1024)

int background_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    result = pthread_attr_init(&attributes);
    if (result == 0) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        pthread_attr_setstacksize(&attributes, STACK_SIZE);
#endif
        result = pthread_create(thread, &attributes, run, argument);
        pthread_attr_destroy(&attributes);
    }
    /* Thread-local storage counts against the stack: a program may have more of it than that. */
    if (result == EINVAL || result == EAGAIN || result == ENOMEM)
        result = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}
