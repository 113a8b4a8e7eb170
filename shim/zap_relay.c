#include "shim/zap_relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef ZMQ_CONNECT_ROUTING_ID
#define ZMQ_CONNECT_ROUTING_ID 61 /* ZMQ_CONNECT_RID before 4.2.4 */
#endif

/* Connections by one lane before the other takes its turn, which drops those that are done with;
 * and the most, when the other still waits for answers. */
#define LANE_USED 16
#define LANE_MOST 1024

/* The routing id of a connection. libzmq's own begin with a zero byte. */
struct line {
    char kind[4];
    uint32_t serial;
    uint32_t index;
};
static const char LINE[4] = "zap";

void zap_relay_start(struct zap_relay *relay, struct context *context)
{
    memset(relay, 0, sizeof *relay);
    relay->context = context;
}

void zap_relay_end(struct zap_relay *relay)
{
    for (unsigned i = 0; i < ZAP_HANDLER_LANES; i++) {
        for (size_t at = 0; at < relay->lanes[i].used; at++)
            free(relay->lanes[i].questions[at]);
        free(relay->lanes[i].questions);
    }
    while (relay->lost != NULL) {
        struct zap_question *next = relay->lost->next;

        free(relay->lost);
        relay->lost = next;
    }
    if (relay->socket != NULL)
        relay->context->lib->close(relay->socket);
    relay->socket = NULL;
}

static int open_socket(struct zap_relay *relay)
{
    const struct zmqlib *lib = relay->context->lib;
    int linger = 0, no_limit = 0;
    void *socket;

    if (relay->socket != NULL)
        return 0;
    socket = lib->socket(relay->context->address, ZMQ_ROUTER);
    if (socket == NULL)
        return -1;
    if (lib->setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        lib->setsockopt(socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit) != 0 ||
        lib->setsockopt(socket, ZMQ_RCVHWM, &no_limit, sizeof no_limit) != 0) {
        int saved = errno;

        lib->close(socket);
        errno = saved;
        return -1;
    }
    relay->socket = socket;
    return 0;
}

static void lose(struct zap_relay *relay, struct zap_relay_lane *lane, size_t at)
{
    struct zap_question *question = lane->questions[at];

    if (question == NULL)
        return;
    question->next = relay->lost;
    relay->lost = question;
    lane->questions[at] = NULL;
    lane->open--;
}

static void reuse(struct zap_relay *relay, unsigned number, unsigned long handler)
{
    struct zap_relay_lane *lane = &relay->lanes[number];

    for (size_t at = 0; at < lane->used; at++)
        lose(relay, lane, at);
    if (lane->used > 0)
        (void)relay->context->lib->disconnect(relay->socket, lane->name);
    lane->used = 0;
    lane->serial = ++relay->serial;
    lane->handler = handler;
    zap_handler_name(lane->name, handler, number);
}

/* The lane for the next question to that handler. */
static struct zap_relay_lane *lane_for(struct zap_relay *relay, unsigned long handler)
{
    const struct zap_relay_lane *lane = &relay->lanes[relay->current];
    unsigned other = (relay->current + 1) % ZAP_HANDLER_LANES;

    if (lane->handler != handler || lane->used >= LANE_MOST ||
        (lane->used >= LANE_USED && relay->lanes[other].open == 0)) {
        relay->current = other;
        reuse(relay, other, handler);
    }
    return &relay->lanes[relay->current];
}

static int make_room(struct zap_relay_lane *lane)
{
    size_t room = lane->room + LANE_USED;
    struct zap_question **grown;

    if (lane->used < lane->room)
        return 0;
    grown = realloc(lane->questions, room * sizeof *grown);
    if (grown == NULL)
        return -1;
    lane->questions = grown;
    lane->room = room;
    return 0;
}

static void spell(struct line *line, const struct zap_relay *relay)
{
    const struct zap_relay_lane *lane = &relay->lanes[relay->current];

    memcpy(line->kind, LINE, sizeof line->kind);
    line->serial = lane->serial;
    line->index = (uint32_t)lane->used;
}

/* A new connection to that handler. */
static int connect_to(struct zap_relay *relay, unsigned long handler, struct line *line)
{
    struct zap_relay_lane *lane = lane_for(relay, handler);

    if (make_room(lane) != 0)
        return -1;
    spell(line, relay);
    if (relay->context->lib->setsockopt(relay->socket, ZMQ_CONNECT_ROUTING_ID, line,
                                        sizeof *line) != 0)
        return -1;
    return zap_handler_connect(relay->context, handler, lane->name, relay->socket);
}

int zap_relay_ask(struct zap_relay *relay, struct zap_question *question,
                  const struct zap_frame *frames, size_t count)
{
    struct zap_relay_lane *lane;
    struct line line;
    const struct zap_frame peer = {&line, sizeof line};

    for (;;) {
        unsigned long handler = zap_handler_current(relay->context);

        if (handler == 0) {
            errno = ESRCH;
            return -1;
        }
        if (open_socket(relay) == 0 && connect_to(relay, handler, &line) == 0)
            break;
        /* It was closed meanwhile, and another may have been bound. */
        if (errno != ESTALE)
            return -1;
    }
    lane = &relay->lanes[relay->current];
    lane->questions[lane->used++] = question;
    lane->open++;
    if (zap_message_send(relay->context->lib, relay->socket, &peer, frames, count) == 0)
        return 0;
    lane->questions[lane->used - 1] = NULL;
    lane->open--;
    return -1;
}

/* Takes the question that was asked on a line; NULL if it has its answer, or was given up. */
static struct zap_question *take(struct zap_relay *relay, const struct zap_frame *peer)
{
    struct line line;

    if (peer->size != sizeof line)
        return NULL;
    memcpy(&line, peer->data, sizeof line);
    for (unsigned i = 0; i < ZAP_HANDLER_LANES; i++) {
        struct zap_relay_lane *lane = &relay->lanes[i];
        struct zap_question *question;

        if (line.serial != lane->serial || line.index >= lane->used)
            continue;
        question = lane->questions[line.index];
        lane->questions[line.index] = NULL;
        lane->open -= question != NULL;
        return question;
    }
    return NULL;
}

int zap_relay_answer(struct zap_relay *relay, struct zap_message *message,
                     struct zap_question **question)
{
    unsigned long closed = zap_handler_last_closed(relay->context);

    if (relay->socket == NULL) {
        errno = EAGAIN;
        return -1;
    }
    if (zap_message_receive(relay->context->lib, relay->socket, message) != 0) {
        if (errno == EAGAIN)
            relay->closed = closed;
        return -1;
    }
    *question = take(relay, &message->frames[0]);
    return 0;
}

struct zap_question *zap_relay_lost(struct zap_relay *relay)
{
    struct zap_question *question;

    for (unsigned i = 0; i < ZAP_HANDLER_LANES; i++) {
        struct zap_relay_lane *lane = &relay->lanes[i];

        if (lane->open > 0 && lane->handler <= relay->closed)
            for (size_t at = 0; at < lane->used; at++)
                lose(relay, lane, at);
    }
    question = relay->lost;
    if (question != NULL)
        relay->lost = question->next;
    return question;
}
