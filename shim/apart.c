#include "shim/apart.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/background.h"

/* Headers may be older than the kernel. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define UNSHARE 2U

struct call {
    void (*function)(void *argument);
    void *argument;
    bool called;
};

static void *run(void *argument)
{
    struct call *call = argument;

    /* In one step: nothing that the process closes meanwhile stays open by a copy. */
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, UNSHARE) != 0)
        return NULL;
    call->called = true;
    call->function(call->argument);
    return NULL;
}

bool apart_call(void (*function)(void *argument), void *argument)
{
    struct call call = {function, argument, false};
    pthread_t thread;

    return background_start(&thread, run, &call) == 0 && pthread_join(thread, NULL) == 0 &&
           call.called;
}
