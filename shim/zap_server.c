#include "shim/zap_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/authorized.h"
#include "shim/connection_label.h"
#include "shim/enforced.h"
#include "shim/overlap.h"
#include "shim/refusals.h"
#include "shim/review.h"
#include "shim/wait.h"
#include "shim/zap_decision.h"
#include "shim/zap_relay.h"

#define METADATA_ROOM 512
#define REFUSED_BY_HANDLER "refused by the program's ZAP handler"
#define LOST_MS 500 /* between two looks for questions that no answer will come to */

struct zap_server {
    const struct zmqlib *lib;
    void *socket;
    struct context *context;
    struct zap_relay relay;
    struct refusals refusals;
    size_t put_off; /* clients of secured listeners whom the program's handler was asked about */
};

/* Who asks to be let in. */
struct client {
    struct zap_question question;
    bool secured; /* by the shim; the others are the program's own business */
    struct zap_request request;
    struct binding binding;
    struct decision decision;
    size_t peer_size;
    uint8_t peer[ZAP_FRAME_MAX];
};

static int reply(const struct zap_server *self, const struct client *client, int code,
                 const char *user, const struct zap_frame *metadata)
{
    const struct zap_frame peer = {client->peer, client->peer_size};
    char status[16];

    snprintf(status, sizeof status, "%d", code);
    const struct zap_frame frames[] = {
        {"", 0},
        {"1.0", 3},
        {client->request.id, client->request.id_length},
        {status, strlen(status)},
        {code == 200 ? "OK" : "Refused", code == 200 ? 2 : 7},
        {user, strlen(user)},
        *metadata,
    };
    return zap_message_send(self->lib, self->socket, &peer, frames, sizeof frames / sizeof *frames);
}

/* libzmq ends a connection without a word when the answer makes no sense. */
static int hang_up(const struct zap_server *self, const struct client *client)
{
    const struct zap_frame peer = {client->peer, client->peer_size}, nonsense = {"", 0};

    return zap_message_send(self->lib, self->socket, &peer, &nonsense, 1);
}

/* What was decided about a client of a secured listener, with the metadata that the program's
 * handler has for it. */
static int conclude(struct zap_server *self, const struct client *client,
                    const struct zap_frame *theirs)
{
    static const struct zap_frame none = {"", 0};
    char key[KEY_Z85 + 1] = "";
    struct zap_frame metadata = none;
    uint8_t *buffer;
    int result, fd;
    uint64_t id;

    if (client->decision.status == 300 && connection_label_read(client->request.address, &fd, &id))
        refusals_add(&self->refusals, fd, id);
    zap_decision_settle(&client->decision, &client->binding, &client->request);
    if (client->decision.status != 200)
        return reply(self, client, client->decision.status, "", &none);
    buffer = malloc(METADATA_ROOM + theirs->size);
    if (buffer == NULL)
        return hang_up(self, client);
    /* Always a Name, even an empty one: a client could claim one otherwise. The first counts. */
    metadata.size = zap_metadata(buffer, METADATA_ROOM, "Name", client->decision.name);
    memcpy(buffer + metadata.size, theirs->data, theirs->size);
    metadata.size += theirs->size;
    metadata.data = buffer;
    if (!client->binding.req)
        z85_encode_key(key, client->request.key);
    result = reply(self, client, 200, key, &metadata);
    free(buffer);
    return result;
}

/* 0 if the program's handler was asked; -1 with errno, ESRCH if there is none. */
static int ask_program(struct zap_server *self, const struct client *client,
                       const struct zap_frame *frames, size_t count)
{
    struct client *kept = malloc(sizeof *kept);
    int saved;

    if (kept == NULL)
        return -1;
    *kept = *client;
    if (zap_relay_ask(&self->relay, &kept->question, frames, count) == 0)
        return 0;
    saved = errno;
    free(kept);
    errno = saved;
    return -1;
}

/* What libzmq would have asked about this client, had the socket stayed as the program made it. */
static int ask_as_null(struct zap_server *self, const struct client *client,
                       const struct zap_frame *routing_id)
{
    const struct zap_request *request = &client->request;
    const char *address = connection_label_skip(request->address);
    const struct zap_frame frames[] = {
        {"", 0},
        {"1.0", 3},
        {request->id, request->id_length},
        {client->binding.own_domain, strlen(client->binding.own_domain)},
        {address, strlen(address)},
        *routing_id,
        {"NULL", 4},
    };

    return ask_program(self, client, frames, sizeof frames / sizeof *frames);
}

static int answer_secured(struct zap_server *self, struct client *client,
                          const struct zap_message *message)
{
    static const struct zap_frame none = {"", 0};
    struct decision *decision = &client->decision;

    client->secured = true;
    /* No listener of the shim's has another mechanism. */
    if (client->request.mechanism != ZAP_CURVE)
        return reply(self, client, 400, "", &none);
    zap_decide(decision, &client->binding, &client->request);
    if (decision->status != 200 || client->binding.own_domain[0] == '\0')
        return conclude(self, client, &none);
    if (ask_as_null(self, client, &message->frames[6]) == 0) {
        zap_decision_put_off(&client->request);
        self->put_off++;
        return 0;
    }
    if (errno != ESRCH) {
        decision->status = 300;
        decision->reason = REFUSED_BY_HANDLER " (it cannot be reached)";
    } else if (client->binding.enforced) {
        decision->status = 300;
        decision->reason = REFUSED_BY_HANDLER " (none is bound)";
    }
    return conclude(self, client, &none);
}

/* As libzmq does it where no handler is bound. */
static int answer_without_handler(struct zap_server *self, const struct client *client)
{
    static const struct zap_frame none = {"", 0};
    const bool enforced = enforced_has(self->context, client->request.domain);

    switch (client->request.mechanism) {
    case ZAP_NULL: /* it goes silent, until the handshake's time is up */
        return reply(self, client, enforced ? 300 : 200, "", &none);
    case ZAP_CURVE:
        return enforced ? hang_up(self, client) : reply(self, client, 200, "", &none);
    case ZAP_GSSAPI:
        return reply(self, client, 200, "", &none);
    case ZAP_PLAIN:
        return hang_up(self, client);
    default:
        return reply(self, client, 400, "", &none);
    }
}

static struct zap_frame without_label(const struct zap_frame *address)
{
    size_t label = connection_label_size(address->data, address->size);

    return (struct zap_frame){(const char *)address->data + label, address->size - label};
}

/* Of a socket that the shim did not secure, or whatever else it may be: the program's handler gets
 * it as it is. */
static int answer_other(struct zap_server *self, const struct client *client,
                        const struct zap_message *message, bool is_request)
{
    static const struct zap_frame none = {"", 0};
    struct zap_frame frames[ZAP_MESSAGE_FRAMES];

    memcpy(frames, message->frames, sizeof frames);
    if (is_request)
        frames[5] = without_label(&frames[5]);
    if (is_request && strcmp(client->request.domain, BINDING_NO_DOMAIN) == 0) {
        /* The program has set none: libzmq would not have asked about a NULL socket. */
        if (client->request.mechanism == ZAP_NULL)
            return reply(self, client, 200, "", &none);
        frames[4] = none;
    }
    if (ask_program(self, client, frames + 1, message->count - 1) == 0)
        return 0;
    return errno == ESRCH ? answer_without_handler(self, client) : hang_up(self, client);
}

static int answer(struct zap_server *self, const struct zap_message *message)
{
    const struct zap_frame *frames = message->frames;
    struct client client;
    bool is_request;

    memset(&client, 0, sizeof client);
    if (message->count < 2 || frames[0].size > sizeof client.peer)
        return 0;
    memcpy(client.peer, frames[0].data, frames[0].size);
    client.peer_size = frames[0].size;
    is_request = frames[1].size == 0 && !message->excess &&
                 zap_request_parse(&client.request, frames + 2, message->count - 2) == 0;
    if (!is_request)
        memset(&client.request, 0, sizeof client.request);
    if (is_request && bindings_is_domain(client.request.domain))
        return answer_secured(self, &client, message);
    return answer_other(self, &client, message, is_request);
}

/* Both have to let the client in. */
static int conclude_with(struct zap_server *self, struct client *client,
                         const struct zap_message *message)
{
    struct zap_reply answer = {0, {"", 0}};

    self->put_off--;
    if (message->count < 2 || message->frames[1].size != 0 || message->excess ||
        zap_reply_parse(&answer, message->frames + 2, message->count - 2, client->request.id,
                        client->request.id_length) != 0) {
        client->decision.status = 300;
        client->decision.reason = REFUSED_BY_HANDLER " (no valid answer)";
    } else if (answer.status != 200) {
        client->decision.status = answer.status;
        client->decision.reason = REFUSED_BY_HANDLER;
    } else {
        zap_decide_again(&client->decision, &client->binding, &client->request);
    }
    return conclude(self, client, &answer.metadata);
}

static int pass_answer(struct zap_server *self, struct client *client,
                       const struct zap_message *message)
{
    const struct zap_frame peer = {client->peer, client->peer_size};

    if (client->secured)
        return conclude_with(self, client, message);
    return zap_message_send(self->lib, self->socket, &peer, message->frames + 1,
                            message->count - 1);
}

static int give_up(struct zap_server *self, struct client *client)
{
    static const struct zap_frame none = {"", 0};

    if (!client->secured)
        return 0; /* without the shim, it would wait for an answer in vain as well */
    self->put_off--;
    client->decision.status = 300;
    client->decision.reason = REFUSED_BY_HANDLER " (it ended without an answer)";
    return conclude(self, client, &none);
}

static bool is_serious(int result)
{
    return result != 0 && errno != EINTR && errno != EHOSTUNREACH;
}

/* Passes on what the program's handler has said. 0, or the errno that a socket fails with. */
static int pass_answers(struct zap_server *self)
{
    struct zap_question *question;
    struct zap_message message;

    while (zap_relay_answer(&self->relay, &message, &question) == 0) {
        int result = question == NULL ? 0 : pass_answer(self, (struct client *)question, &message);

        zap_message_close(self->lib, &message);
        free(question);
        if (is_serious(result))
            return errno;
    }
    if (errno != EAGAIN)
        return errno;
    while ((question = zap_relay_lost(&self->relay)) != NULL) {
        int result = give_up(self, (struct client *)question);

        free(question);
        if (is_serious(result))
            return errno;
    }
    return 0;
}

/* Answers what has come in. 0, or the errno that a socket fails with. */
static int answer_all(struct zap_server *self)
{
    struct zap_message message;

    while (zap_message_receive(self->lib, self->socket, &message) == 0) {
        int result = answer(self, &message);

        zap_message_close(self->lib, &message);
        if (is_serious(result))
            return errno;
    }
    return errno == EAGAIN ? pass_answers(self) : errno;
}

/* In the middle of much reading. */
static bool pause_to_answer(void *self)
{
    (void)review_work();
    return answer_all(self) != 0;
}

int zap_serve(const struct zmqlib *lib, void *socket, struct context *context)
{
    struct zap_server server = {lib, socket, context, .put_off = 0}, *self = &server;
    const struct authorized_pause pause = {pause_to_answer, self};
    bool readable = false;
    int failed;

    zap_relay_start(&self->relay, context);
    while ((failed = answer_all(self)) == 0) {
        zmq_pollitem_t items[3] = {{self->socket, 0, ZMQ_POLLIN, 0}};
        int fd, count = 1;
        long wait;

        wait = authorized_work(&fd, readable, &pause);
        wait = wait_shorter(wait, review_work());
        wait = wait_shorter(wait, overlap_look());
        wait = wait_shorter(wait, refusals_work(&self->refusals));
        if (self->put_off > 0)
            wait = wait_shorter(wait, LOST_MS);
        if (self->relay.socket != NULL)
            items[count++] = (zmq_pollitem_t){self->relay.socket, 0, ZMQ_POLLIN, 0};
        if (fd >= 0)
            items[count++] = (zmq_pollitem_t){NULL, fd, ZMQ_POLLIN, 0};
        if (lib->poll(items, count, wait) < 0 && errno != EINTR) {
            failed = errno;
            break;
        }
        readable = fd >= 0 && (items[count - 1].revents & ZMQ_POLLIN);
    }
    zap_relay_end(&self->relay);
    refusals_free(&self->refusals);
    return failed;
}
