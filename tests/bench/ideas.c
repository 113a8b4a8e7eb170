#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

/* What a library in front of libzmq could set, set: preloaded before the library that is measured,
 * by ideas.py alone. A setting is OPTION=NUMBER, several are separated by commas:
 *   IDEA_CONTEXT  options of each context
 *   IDEA_SOCKET   options of each socket
 *   IDEA_TCP      options of each TCP connection, as LEVEL:OPTION=NUMBER, besides libzmq's own
 *                 TCP_NODELAY, or in its place
 *   IDEA_QUICKACK each receive asks for an acknowledgement at once
 *   IDEA_PIN      I/O threads of sockets of even types run on CPU 0, those of others on CPU 1
 *   IDEA_CHEAP    what PULL and SUB sockets receive is not decrypted: peers on another machine
 * What cannot be set ends the program: its figure would be that of something else. */

static int is_cheap;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void fail(const char *what, int option)
{
    fprintf(stderr, "ideas: %s %d: %s\n", what, option, strerror(errno));
    exit(1);
}

/* Of "a=b,c=d": the next pair; NULL at the end. */
static const char *next_pair(const char *text, int *level, int *option, int *number)
{
    int length = 0;

    *level = 0;
    if (text == NULL || (sscanf(text, "%d:%d=%d%n", level, option, number, &length) != 3 &&
                         sscanf(text, "%d=%d%n", option, number, &length) != 2))
        return NULL;
    return text[length] == ',' ? text + length + 1 : text + length;
}

void *zmq_ctx_new(void)
{
    void *context = REAL(zmq_ctx_new)();
    int level, option, number;

    for (const char *p = getenv("IDEA_CONTEXT");
         (p = next_pair(p, &level, &option, &number)) != NULL;)
        if (zmq_ctx_set(context, option, number) != 0)
            fail("context option", option);
    return context;
}

void *zmq_socket(void *context, int type)
{
    int level, option, number;
    void *socket;

    if (getenv("IDEA_PIN") != NULL &&
        zmq_ctx_set(context, ZMQ_THREAD_AFFINITY_CPU_ADD, type % 2) != 0)
        fail("pin to CPU", type % 2);
    is_cheap = getenv("IDEA_CHEAP") != NULL && (type == ZMQ_PULL || type == ZMQ_SUB);
    socket = REAL(zmq_socket)(context, type);
    for (const char *p = getenv("IDEA_SOCKET");
         (p = next_pair(p, &level, &option, &number)) != NULL;)
        if (zmq_setsockopt(socket, option, &number, sizeof number) != 0)
            fail("socket option", option);
    return socket;
}

/* libzmq's for each connection, and nobody else's. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    __typeof__(&setsockopt) set = REAL(setsockopt);
    const char *p = level == IPPROTO_TCP && option == TCP_NODELAY ? getenv("IDEA_TCP") : NULL;
    int result = set(fd, level, option, value, size), number;

    while ((p = next_pair(p, &level, &option, &number)) != NULL)
        if (set(fd, level, option, &number, sizeof number) != 0)
            fail("connection's option", option);
    return result;
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    static __typeof__(&recv) receive;
    static int is_quick = -1;
    ssize_t result;

    if (receive == NULL) {
        receive = REAL(recv);
        is_quick = getenv("IDEA_QUICKACK") != NULL;
    }
    result = receive(fd, buffer, size, flags);
    if (is_quick > 0 && result > 0)
        REAL(setsockopt)(fd, IPPROTO_TCP, TCP_QUICKACK, &is_quick, sizeof is_quick);
    return result;
}

/* libzmq calls this for messages, not for handshakes. */
int crypto_box_open_easy_afternm(unsigned char *message, const unsigned char *box,
                                 unsigned long long size, const unsigned char *nonce,
                                 const unsigned char *key)
{
    static int (*open)(unsigned char *, const unsigned char *, unsigned long long,
                       const unsigned char *, const unsigned char *);

    if (open == NULL)
        *(void **)&open = real("crypto_box_open_easy_afternm");
    if (!is_cheap)
        return open(message, box, size, nonce, key);
    message[0] = 0; /* its flags: of one part */
    return 0;
}
