#ifndef CURVESHIM_SHIM_ZAP_RELAY_H
#define CURVESHIM_SHIM_ZAP_RELAY_H

#include "shim/zap_handler.h"
#include "shim/zap_message.h"

/* The way from the authenticator to the program's own ZAP handler and back. Nothing waits:
 * questions go out, answers come in whenever the handler gives them, in any order, or never.
 *
 * A handler that is a ROUTER sees one frame of envelope and answers to it, so there is a connection
 * for each question, as libzmq itself has one for each client. Used by one thread. */

/* The beginning of what the caller, who allocates it, has to know when the answer comes. */
struct zap_question {
    struct zap_question *next; /* lost after this one */
};

struct zap_relay_lane {
    char name[ZAP_HANDLER_NAME];
    unsigned long handler;
    uint32_t serial; /* tells the answers to earlier uses of the lane apart */
    size_t used;     /* connections made */
    size_t open;     /* of these, without an answer */
    size_t room;
    struct zap_question **questions;
};

struct zap_relay {
    struct context *context;
    void *socket; /* to poll; NULL while there was nothing to ask */
    uint32_t serial;
    unsigned current;
    struct zap_relay_lane lanes[ZAP_HANDLER_LANES];
    struct zap_question *lost;
    unsigned long closed; /* the handlers up to this one are, and all that they said was received */
};

void zap_relay_start(struct zap_relay *relay, struct context *context);
/* Closes the socket, and frees the questions that are out. */
void zap_relay_end(struct zap_relay *relay);

/* Puts frames to the program's handler. 0, and the question is out; -1 with errno: ESRCH if no
 * handler is bound, anything else if it could not be reached. */
int zap_relay_ask(struct zap_relay *relay, struct zap_question *question,
                  const struct zap_frame *frames, size_t count);

/* Receives an answer: its frames from the second on. 0, and the caller frees *question (NULL: to
 * nothing that was asked) and closes the message; -1 with errno, EAGAIN if there is none. */
int zap_relay_answer(struct zap_relay *relay, struct zap_message *message,
                     struct zap_question **question);

/* Takes a question that no answer will come to, or NULL: its handler is closed, or so many have
 * gone unanswered since that it was given up. */
struct zap_question *zap_relay_lost(struct zap_relay *relay);

#endif
