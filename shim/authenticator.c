#include "shim/authenticator.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "shim/authorized.h"
#include "shim/bindings.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/zap.h"

#define STACK_SIZE (256 * 1024)
#define MAX_FRAMES 12 /* envelope included; more than ZAP has */
#define METADATA_ROOM 512

struct authenticator {
    struct context *context; /* a reference of its own */
    const struct zmqlib *lib;
    void *socket;
};

struct frames {
    zmq_msg_t messages[MAX_FRAMES];
    size_t count;
    bool excess;
};

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

static void close_frames(const struct zmqlib *lib, struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        lib->msg_close(&frames->messages[i]);
    frames->count = 0;
}

static int receive_frame(const struct authenticator *self, zmq_msg_t *message, int flags)
{
    self->lib->msg_init(message);
    while (self->lib->msg_recv(message, self->socket, flags) < 0) {
        if (errno == EINTR)
            continue;
        self->lib->msg_close(message);
        return -1;
    }
    return 0;
}

/* Receives one whole message. 0, or -1 with errno. */
static int receive(const struct authenticator *self, struct frames *frames)
{
    int more = 1, flags = ZMQ_DONTWAIT;

    frames->count = 0;
    frames->excess = false;
    while (more) {
        zmq_msg_t dropped, *message = &frames->messages[frames->count];

        if (frames->count == MAX_FRAMES) {
            frames->excess = true;
            message = &dropped;
        }
        if (receive_frame(self, message, flags) != 0) {
            close_frames(self->lib, frames);
            return -1;
        }
        /* The rest of a message is there once its first frame is. */
        flags = 0;
        more = self->lib->msg_more(message);
        if (message == &dropped)
            self->lib->msg_close(message);
        else
            frames->count++;
    }
    return 0;
}

static void log_decision(const struct decision *decision, const struct zap_request *request,
                         const struct binding *binding)
{
    const bool allow = decision->status == 200;
    char key[KEY_Z85 + 1], message[400];
    struct event event;

    if (!log_wants(allow ? EVENT_INFO : EVENT_WARNING))
        return;
    z85_encode_key(key, request->key);
    snprintf(message, sizeof message, "%s: %s%s", allow ? "client accepted" : "client refused",
             decision->reason,
             allow                     ? ""
             : decision->status == 400 ? "; it is told to give up"
                                       : "; it tries again when the handshake interval ends "
                                         "(30 s by default, SECURE_ZMQ_HANDSHAKE_TIMEOUT)");
    event_init(&event, allow ? EVENT_INFO : EVENT_WARNING, "auth", message);
    event_text(&event, "result", allow ? "allow" : "deny");
    event_text(&event, "reason", decision->reason);
    event_text(&event, "key", key);
    event_text(&event, "name", decision->name);
    event_text(&event, "address", request->address);
    event_text(&event, "endpoint",
               binding->resolved[0] != '\0' ? binding->resolved : binding->endpoint);
    if (allow)
        log_event(&event);
    else
        log_repeatable(&event, key, decision->reason);
}

/* A request of a listener that the shim secured. */
static void decide_secured(struct decision *decision, struct binding *binding,
                           const struct zap_request *request)
{
    struct timespec now;
    struct access access;

    decision->status = 300;
    decision->name[0] = '\0';
    if (request->mechanism != ZAP_CURVE) {
        /* The domain outlives the secured bind on a socket whose other endpoints are exempted. */
        decision->status = request->mechanism == ZAP_NULL ? 200 : 400;
        return;
    }
    if (!bindings_find(request->domain, binding)) {
        decision->reason = "the endpoint is closing";
        memset(binding, 0, sizeof *binding);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    access.address = request->address;
    access.endpoint = binding->endpoint;
    access.resolved = binding->resolved;
    access.now = now.tv_sec;
    authorized_decide(decision, request->key, binding->ipc, &access);
    log_decision(decision, request, binding);
}

/* A socket that the shim did not secure is answered as libzmq answers without a handler. */
static int unsecured_status(const struct zap_request *request)
{
    return request->mechanism == ZAP_CURVE || request->mechanism == ZAP_NULL ? 200 : 400;
}

static int send_reply(const struct authenticator *self, struct frames *frames,
                      const struct zap_frame *parts, size_t count)
{
    const struct zmqlib *lib = self->lib;

    for (size_t i = 0; i < 2; i++)
        if (lib->send(self->socket, lib->msg_data(&frames->messages[i]),
                      lib->msg_size(&frames->messages[i]), ZMQ_SNDMORE) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (lib->send(self->socket, parts[i].data, parts[i].size, i + 1 < count ? ZMQ_SNDMORE : 0) <
            0)
            return -1;
    return 0;
}

static int answer(const struct authenticator *self, struct frames *frames)
{
    struct zap_frame in[MAX_FRAMES];
    struct zap_request request;
    struct binding binding;
    struct decision decision = {.status = 400, .reason = "not a ZAP request"};
    char key[KEY_Z85 + 1] = "", status[4];
    uint8_t metadata[METADATA_ROOM];
    size_t metadata_length = 0;

    if (frames->count < 2 || self->lib->msg_size(&frames->messages[1]) != 0)
        return 0;
    for (size_t i = 2; i < frames->count; i++) {
        in[i - 2].data = self->lib->msg_data(&frames->messages[i]);
        in[i - 2].size = self->lib->msg_size(&frames->messages[i]);
    }
    if (frames->excess || zap_request_parse(&request, in, frames->count - 2) != 0) {
        request.id[0] = '\0';
        request.id_length = 0;
    } else if (bindings_is_domain(request.domain)) {
        memset(&binding, 0, sizeof binding);
        decide_secured(&decision, &binding, &request);
        /* Always a Name, even an empty one: a client could claim one otherwise. */
        if (decision.status == 200 && request.mechanism == ZAP_CURVE) {
            metadata_length = zap_metadata(metadata, sizeof metadata, "Name", decision.name);
            if (!binding.req)
                z85_encode_key(key, request.key);
        }
    } else {
        decision.status = unsecured_status(&request);
    }
    snprintf(status, sizeof status, "%d", decision.status);
    const struct zap_frame out[] = {
        {"1.0", 3},
        {request.id, request.id_length},
        {status, 3},
        {decision.status == 200 ? "OK" : "Refused", decision.status == 200 ? 2 : 7},
        {key, strlen(key)},
        {metadata, metadata_length},
    };
    return send_reply(self, frames, out, sizeof out / sizeof *out);
}

/* Answers until the context ends. Returns errno. */
static int serve(const struct authenticator *self)
{
    bool readable = false;

    for (;;) {
        struct frames frames;
        zmq_pollitem_t items[2] = {{self->socket, 0, ZMQ_POLLIN, 0}, {NULL, -1, ZMQ_POLLIN, 0}};
        int fd, count;
        long wait;

        while (receive(self, &frames) == 0) {
            int result = answer(self, &frames);

            close_frames(self->lib, &frames);
            if (result != 0 && errno != EINTR && errno != EHOSTUNREACH)
                return errno;
        }
        if (errno != EAGAIN)
            return errno;
        wait = authorized_work(&fd, readable);
        items[1].fd = fd;
        count = self->lib->poll(items, fd >= 0 ? 2 : 1, wait);
        if (count < 0 && errno != EINTR)
            return errno;
        readable = count > 0 && fd >= 0 && (items[1].revents & ZMQ_POLLIN);
    }
}

static void *thread_main(void *argument)
{
    struct authenticator *self = argument;
    struct context *context = self->context;
    int ended;

    prctl(PR_SET_NAME, "curveshim-zap", 0, 0, 0);
    ended = serve(self);
    lock_take(LOCK_REGISTRY);
    context->authenticator = AUTHENTICATOR_ENDED;
    lock_drop(LOCK_REGISTRY);
    self->lib->close(self->socket);
    authorized_detach();
    note(ended == ETERM ? EVENT_INFO : EVENT_ERROR, "down",
         ended == ETERM ? "the context ended" : strerror(ended));
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
                  "the program runs a ZAP handler of its own at " ZAP_ENDPOINT " in this context, "
                  "and two cannot share it: start the program without that handler, or let it "
                  "secure its sockets itself");
    else
        cert_fail(error, errno, "the authenticator cannot be bound: %s", strerror(errno));
    lib->close(self->socket);
    return -1;
}

static int create_thread(pthread_t *thread, struct authenticator *self)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attributes);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
#endif
    result = pthread_create(thread, &attributes, thread_main, self);
    /* Thread-local storage counts against the stack: a program may have more of it than that. */
    if (result == EINVAL || result == EAGAIN || result == ENOMEM)
        result = pthread_create(thread, NULL, thread_main, self);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
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
    if (open_socket(self, error) != 0) {
        free(self);
        return -1;
    }
    authorized_attach();
    registry_hold_context(context);
    set_state(context, AUTHENTICATOR_UP);
    result = create_thread(&context->thread, self);
    if (result == 0) {
        settle_thread(context);
        note(EVENT_INFO, "up", NULL);
        return 0;
    }
    set_state(context, AUTHENTICATOR_NONE);
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
