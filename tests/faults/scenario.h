#ifndef CURVESHIM_TESTS_FAULTS_SCENARIO_H
#define CURVESHIM_TESTS_FAULTS_SCENARIO_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

/* What scenario.c is made of. Each of these ends the process where it cannot go on. */

enum { TRIES = 3, REFUSED = 3, FAILED = 4 };
#define MARK "sent-by-the-agent"

#define TRY(condition, what)                                                                       \
    for (int tried = 1; !(condition); tried++) {                                                   \
        printf("refused %s %d\n", what, errno);                                                    \
        if (tried == TRIES)                                                                        \
            exit(REFUSED);                                                                         \
    }

int64_t now_ms(void);
void give_up(const char *what);

/* The calls that are tried, by a thread of their own, which may be cancelled meanwhile. */
extern __thread bool may_cancel;
bool done(int (*function)(void *, const char *), void *socket, const char *endpoint);
void *open_socket(void *context, int type);
void resolved(void *socket, char endpoint[256]);

/* 1: a message of ours, 0: none in time. */
int receive(void *socket, int wait);
void send_one(void *socket);
bool exchange(void *server, void *client, int patience);

/* A socket that the program secures by itself, and lets nobody into, and its client. */
struct own {
    void *server;
    void *client;
};
void open_own(struct own *own, void *context);
void close_own(struct own *own);

/* A ZAP handler of the program's own, which says yes to all, until the context ends. asked: how
 * often it was asked in this cycle. */
extern _Atomic int asked;
pthread_t start_handler(void *context, void *server);

#endif
