#include "shim/zap_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shim/auth_event.h"
#include "shim/authorized.h"
#include "shim/bindings.h"
#include "shim/connection_label.h"
#include "shim/connections.h"
#include "shim/metrics.h"
#include "shim/observer.h"
#include "shim/review.h"
#include "shim/state_page.h"
#include "shim/superseded.h"
#include "shim/wait.h"
#include "shim/zap.h"

#define MAX_FRAMES 12 /* envelope included; more than ZAP has */
#define METADATA_ROOM 512

struct zap_server {
    const struct zmqlib *lib;
    void *socket;
    bool refused; /* connections of refused clients wait to be shut down */
};

struct frames {
    zmq_msg_t messages[MAX_FRAMES];
    size_t count;
    bool excess;
};

static void close_frames(const struct zmqlib *lib, struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        lib->msg_close(&frames->messages[i]);
    frames->count = 0;
}

static int receive_frame(const struct zap_server *self, zmq_msg_t *message, int flags)
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
static int receive(const struct zap_server *self, struct frames *frames)
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

/* A request of a listener that the shim secured; its address has a label. */
static void decide_secured(struct decision *decision, struct binding *binding,
                           const struct zap_request *request)
{
    const char *address = connection_label_skip(request->address);
    const struct auth_asker asker = {request->key, address, binding};
    struct timespec now;
    struct access access;
    uint64_t id;
    int fd;

    decision->status = 300;
    decision->name[0] = '\0';
    if (request->mechanism != ZAP_CURVE) {
        /* The domain outlives the secured bind on a socket whose other endpoints are exempted. */
        decision->status = request->mechanism == ZAP_NULL ? 200 : 400;
        return;
    }
    if (!bindings_find(request->domain, binding)) {
        decision->reason = "the endpoint is closing";
        metrics_count(METRIC_AUTHENTICATION_DENIED, decision->reason);
        memset(binding, 0, sizeof *binding);
        return;
    }
    if (!connection_label_read(request->address, &fd, &id)) {
        /* Out of memory, or gone before it could be asked whence it came. */
        decision->reason = "the connection could not be identified";
        metrics_count(METRIC_AUTHENTICATION_DENIED, decision->reason);
        auth_event_decided(decision, &asker);
        return;
    }
    if (!connections_asked(fd, id, request->key, request->domain, address))
        return; /* it has ended */
    clock_gettime(CLOCK_REALTIME, &now);
    access.address = address;
    access.endpoint = binding->endpoint;
    access.resolved = binding->resolved;
    access.now = now.tv_sec;
    authorized_decide(decision, request->key, binding->ipc, &access);
    superseded_judge(decision, binding, access.now);
    connections_decided(fd, id, decision->status == 200, decision->name);
    if (decision->status == 200)
        review_expect(decision);
    state_page_count(decision->status == 200 ? STATE_ACCEPTED : STATE_DENIED);
    metrics_count(decision->status == 200 ? METRIC_AUTHENTICATION_ALLOWED
                                          : METRIC_AUTHENTICATION_DENIED,
                  decision->reason);
    auth_event_decided(decision, &asker);
}

/* A socket that the shim did not secure is answered as libzmq answers without a handler. */
static int unsecured_status(const struct zap_request *request)
{
    return request->mechanism == ZAP_CURVE || request->mechanism == ZAP_NULL ? 200 : 400;
}

static int send_reply(const struct zap_server *self, struct frames *frames,
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

static int answer(struct zap_server *self, struct frames *frames)
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
    self->refused |= decision.status == 300;
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

/* A client that gets no answer comes back only when its connection ends, by default after 30 s. */
static long end_refused(struct zap_server *self)
{
    long wait = self->refused ? observer_end_refused() : -1;

    self->refused = wait >= 0;
    return wait;
}

/* Answers what has come in. 0, or the errno that the socket fails with. */
static int answer_all(struct zap_server *self)
{
    struct frames frames;

    while (receive(self, &frames) == 0) {
        int result = answer(self, &frames);

        close_frames(self->lib, &frames);
        if (result != 0 && errno != EINTR && errno != EHOSTUNREACH)
            return errno;
    }
    return errno == EAGAIN ? 0 : errno;
}

/* In the middle of much reading. */
static bool pause_to_answer(void *self)
{
    (void)review_work();
    return answer_all(self) != 0;
}

int zap_serve(const struct zmqlib *lib, void *socket)
{
    struct zap_server server = {lib, socket, false}, *self = &server;
    const struct authorized_pause pause = {pause_to_answer, self};
    bool readable = false;

    for (;;) {
        int failed = answer_all(self);
        zmq_pollitem_t items[2] = {{self->socket, 0, ZMQ_POLLIN, 0}, {NULL, -1, ZMQ_POLLIN, 0}};
        int fd, count;
        long wait;

        if (failed != 0)
            return failed;
        wait = authorized_work(&fd, readable, &pause);
        wait = wait_shorter(wait, review_work());
        wait = wait_shorter(wait, end_refused(self));
        items[1].fd = fd;
        count = self->lib->poll(items, fd >= 0 ? 2 : 1, wait);
        if (count < 0 && errno != EINTR)
            return errno;
        readable = count > 0 && fd >= 0 && (items[1].revents & ZMQ_POLLIN);
    }
}
