#include "shim/authenticator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "shim/authorized.h"
#include "shim/background.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/zap.h"
#include "shim/zap_server.h"

struct authenticator {
    struct context *context; /* a reference of its own */
    const struct zmqlib *lib;
    void *socket;
    int openings;
};

/* An error that does not go away must not keep a processor busy for ever. */
#define OPENINGS 100
#define LONGEST_PAUSE_MS 1000

static void note(enum event_level level, const char *state, const char *reason)
{
    char message[64];
    struct event event;

    snprintf(message, sizeof message, "the authenticator is %s", state);
    event_init(&event, level, "authenticator", message);
    event_text(&event, "state", state);
    event_text(&event, "reason", reason);
    log_event(&event);
}

static int open_socket(struct authenticator *self, struct cert_error *error)
{
    const struct zmqlib *lib = self->lib;
    int linger = 0, no_limit = 0;

    self->socket = lib->socket(self->context->address, ZMQ_ROUTER);
    if (self->socket == NULL)
        return cert_fail(error, errno, "the authenticator has no socket: %s", strerror(errno));
    if (lib->setsockopt(self->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
        lib->setsockopt(self->socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit) == 0 &&
        lib->setsockopt(self->socket, ZMQ_RCVHWM, &no_limit, sizeof no_limit) == 0 &&
        lib->bind(self->socket, ZAP_ENDPOINT) == 0)
        return 0;
    if (errno == EADDRINUSE && self->context->pid != getpid())
        cert_fail(error, errno,
                  "its context was used before the process forked, and ZeroMQ contexts do not "
                  "survive a fork: create a new one in the child");
    else if (errno == EADDRINUSE)
        cert_fail(error, errno,
                  "a ZAP handler is bound at " ZAP_ENDPOINT " in this context by a call that "
                  "curveshim could not see: please report how the program reaches libzmq");
    else
        cert_fail(error, errno, "the authenticator cannot be bound: %s", strerror(errno));
    lib->close(self->socket);
    return -1;
}

/* After an error that is not the context's end. Without an authenticator nobody gets in, and nobody
 * whose key is revoked is put out. The old socket may still be half way through an answer. Whether
 * there is a new one; libzmq gives the address free only after a moment. */
static bool open_again(struct authenticator *self, int failed)
{
    struct cert_error error;

    metrics_count(METRIC_AUTHENTICATOR_FAILED, NULL);
    note(EVENT_ERROR, "down", strerror(failed));
    self->lib->close(self->socket);
    self->socket = NULL;
    for (int pause = 10; pause <= LONGEST_PAUSE_MS && ++self->openings <= OPENINGS; pause *= 2) {
        struct timespec time = {pause / 1000, pause % 1000 * 1000000L};

        nanosleep(&time, NULL);
        if (open_socket(self, &error) == 0) {
            note(EVENT_INFO, "up", NULL);
            return true;
        }
        self->socket = NULL;
        if (error.code == ETERM)
            break;
    }
    return false;
}

static void *thread_main(void *argument)
{
    struct authenticator *self = argument;
    struct context *context = self->context;
    int ended;

    prctl(PR_SET_NAME, "curveshim-zap", 0, 0, 0);
    do
        ended = zap_serve(self->lib, self->socket, context);
    while (ended != ETERM && open_again(self, ended));
    metrics_gauge_add(GAUGE_AUTHENTICATORS, -1);
    lock_take(LOCK_REGISTRY);
    context->authenticator = AUTHENTICATOR_ENDED;
    lock_drop(LOCK_REGISTRY);
    if (self->socket != NULL)
        self->lib->close(self->socket);
    authorized_detach();
    if (ended == ETERM)
        note(EVENT_INFO, "down", "the context ended");
    lock_take(LOCK_REGISTRY);
    if (!context->ending && context->thread_joinable) {
        context->thread_joinable = false;
        pthread_detach(pthread_self());
    }
    context->thread_finished = true;
    lock_drop(LOCK_REGISTRY);
    registry_release_context(context);
    free(self);
    return NULL;
}

static void set_state(struct context *context, enum authenticator_state state)
{
    lock_take(LOCK_REGISTRY);
    context->authenticator = state;
    context->authenticator_pid = getpid();
    context->thread_joinable = false;
    context->thread_finished = false;
    lock_drop(LOCK_REGISTRY);
}

/* Whoever comes last, the creator or the thread's end, sees to it that the thread is detached
 * unless zmq_ctx_term is going to join it. */
static void settle_thread(struct context *context)
{
    bool finished;

    lock_take(LOCK_REGISTRY);
    finished = context->thread_finished;
    context->thread_joinable = !finished;
    lock_drop(LOCK_REGISTRY);
    if (finished)
        pthread_detach(context->thread);
}

static int start(struct context *context, struct cert_error *error)
{
    struct authenticator *self = malloc(sizeof *self);
    int result;

    if (self == NULL)
        return cert_fail(error, ENOMEM, "the authenticator cannot start: out of memory");
    self->context = context;
    self->lib = context->lib;
    self->openings = 0;
    if (open_socket(self, error) != 0) {
        free(self);
        return -1;
    }
    authorized_attach();
    registry_hold_context(context);
    set_state(context, AUTHENTICATOR_UP);
    metrics_gauge_add(GAUGE_AUTHENTICATORS, 1);
    result = background_start(&context->thread, thread_main, self);
    if (result == 0) {
        settle_thread(context);
        note(EVENT_INFO, "up", NULL);
        return 0;
    }
    set_state(context, AUTHENTICATOR_NONE);
    metrics_gauge_add(GAUGE_AUTHENTICATORS, -1);
    self->lib->close(self->socket);
    authorized_detach();
    registry_release_context(context);
    free(self);
    return cert_fail(error, result, "the authenticator's thread cannot start: %s",
                     strerror(result));
}

bool authenticator_is_up(struct context *context)
{
    bool up;

    lock_take(LOCK_REGISTRY);
    up = context->authenticator == AUTHENTICATOR_UP && context->authenticator_pid == getpid();
    lock_drop(LOCK_REGISTRY);
    return up;
}

int authenticator_ensure(struct context *context, struct cert_error *error)
{
    int result = 0;

    pthread_mutex_lock(&context->latch);
    if (!authenticator_is_up(context))
        result = start(context, error);
    pthread_mutex_unlock(&context->latch);
    return result;
}

void authenticator_join(struct context *context)
{
    bool joinable;

    lock_take(LOCK_REGISTRY);
    joinable = context->thread_joinable && context->authenticator_pid == getpid();
    context->thread_joinable = false;
    lock_drop(LOCK_REGISTRY);
    if (joinable)
        pthread_join(context->thread, NULL);
}
