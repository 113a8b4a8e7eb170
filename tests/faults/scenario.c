/* What the faults happen to: a program that binds, connects, sends, loses its client's
 * authorisation, gets it back, and ends; twice. It also has a socket that it secures by itself and
 * lets nobody into, as it asks libzmq for a ZAP handler and binds none. It tries again what is
 * refused, three times. It speaks with the test: a line for each step, and goes on after a line of
 * input where it says so.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/* Called by what brings the faults. */
void faults_in_child(void);
bool faults_may_fork(void);
bool faults_may_cancel(void);

enum {
    TRIES = 3,
    REVOKED_MS = 10000,
    QUIET_MS = 300,
    CHILD_SECONDS = 20,
    REFUSED = 3,
    FAILED = 4,
    SNAPSHOTS = 5,
    KEY_TEXT = 41
};
#define MARK "sent-by-the-agent"
/* In draft headers only. */
#define ZAP_ENFORCE_DOMAIN 93

static volatile sig_atomic_t signals;
static atomic_bool begun;
static __thread bool may_cancel;
static int patience_ms;

static void note_signal(int number)
{
    (void)number;
    signals++;
}

bool faults_may_fork(void)
{
    return begun;
}

bool faults_may_cancel(void)
{
    return may_cancel;
}

static bool handles;
static atomic_int asked; /* the handler, in this cycle */

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void give_up(const char *what)
{
    printf("failed %s %s\n", what, zmq_strerror(errno));
    exit(FAILED);
}

#define TRY(condition, what)                                                                       \
    for (int tried = 1; !(condition); tried++) {                                                   \
        printf("refused %s %d\n", what, errno);                                                    \
        if (tried == TRIES)                                                                        \
            exit(REFUSED);                                                                         \
    }

struct call {
    int (*function)(void *, const char *);
    void *socket;
    const char *endpoint;
    int result;
    int code;
};

static void *run_call(void *argument)
{
    struct call *call = argument;

    may_cancel = true;
    call->result = call->function(call->socket, call->endpoint);
    call->code = errno;
    pthread_testcancel();
    return NULL;
}

/* By a thread of its own, which may be cancelled. */
static bool done(int (*function)(void *, const char *), void *socket, const char *endpoint)
{
    struct call call = {function, socket, endpoint, -1, 0};
    pthread_t thread;
    void *ended = NULL;

    if (pthread_create(&thread, NULL, run_call, &call) != 0 || pthread_join(thread, &ended) != 0)
        give_up("thread");
    if (ended == PTHREAD_CANCELED) {
        puts("cancelled");
        if (call.result != 0)
            call.code = ECANCELED;
    }
    errno = call.code;
    return call.result == 0;
}

static void *open_socket(void *context, int type)
{
    void *socket;
    int none = 0;

    TRY((socket = zmq_socket(context, type)) != NULL, "socket")
    TRY(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == 0, "option")
    return socket;
}

static void resolved(void *socket, char endpoint[256])
{
    size_t size;

    TRY((size = 256, zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0), "endpoint")
}

struct own {
    void *server;
    void *client;
};

static void set_key(void *socket, int option, const char *key)
{
    TRY(zmq_setsockopt(socket, option, key, KEY_TEXT) == 0, "option")
}

static void open_own(struct own *own, void *context)
{
    char public_key[KEY_TEXT], secret_key[KEY_TEXT], endpoint[256];
    const int on = 1;

    TRY(zmq_curve_keypair(public_key, secret_key) == 0, "keys")
    own->server = open_socket(context, ZMQ_PULL);
    own->client = open_socket(context, ZMQ_PUSH);
    set_key(own->server, ZMQ_CURVE_SECRETKEY, secret_key);
    set_key(own->client, ZMQ_CURVE_SERVERKEY, public_key);
    set_key(own->client, ZMQ_CURVE_PUBLICKEY, public_key);
    set_key(own->client, ZMQ_CURVE_SECRETKEY, secret_key);
    TRY(zmq_setsockopt(own->server, ZMQ_CURVE_SERVER, &on, sizeof on) == 0, "option")
    TRY(zmq_setsockopt(own->server, ZMQ_ZAP_DOMAIN, "own", 3) == 0, "option")
    TRY(zmq_setsockopt(own->server, ZAP_ENFORCE_DOMAIN, &on, sizeof on) == 0, "option")
    TRY(done(zmq_bind, own->server, "tcp://127.0.0.1:*"), "bind")
    resolved(own->server, endpoint);
    TRY(done(zmq_connect, own->client, endpoint), "connect")
    zmq_send(own->client, MARK, sizeof MARK - 1, ZMQ_DONTWAIT);
}

static void close_own(struct own *own)
{
    char text[64];

    if (zmq_recv(own->server, text, sizeof text, ZMQ_DONTWAIT) >= 0)
        puts("violation: a message where nobody may come in");
    zmq_close(own->client);
    zmq_close(own->server);
}

/* 1: a message of ours, 0: none in time. */
static int receive(void *socket, int wait)
{
    const int64_t end = now_ms() + wait;
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    char text[64];

    while (wait >= 0) {
        int size;

        zmq_poll(&item, 1, wait);
        size = zmq_recv(socket, text, sizeof text, ZMQ_DONTWAIT);
        if (size == sizeof MARK - 1 && memcmp(text, MARK, sizeof MARK - 1) == 0)
            return 1;
        if (size >= 0) {
            printf("violation: a message of somebody else\n");
            exit(FAILED);
        }
        wait = (int)(end - now_ms());
    }
    return 0;
}

static void send_one(void *socket)
{
    zmq_send(socket, MARK, sizeof MARK - 1, ZMQ_DONTWAIT);
}

static bool exchange(void *server, void *client, int patience)
{
    int64_t end = now_ms() + patience;

    do
        send_one(client);
    while (!receive(server, 500) && now_ms() < end);
    while (receive(server, 0))
        ;
    return now_ms() < end;
}

static void ask(const char *step, char answer[256])
{
    puts(step);
    fflush(stdout);
    while (fgets(answer, 256, stdin) == NULL) {
        if (errno != EINTR || feof(stdin))
            exit(FAILED);
        clearerr(stdin);
    }
    answer[strcspn(answer, "\n")] = '\0';
}

/* A ZAP handler of the program's own, which says yes to all, until the context ends. */
static void *handle(void *handler)
{
    static const char *const reply[] = {"200", "OK", "", ""};
    char id[256], text[256];

    for (;;) {
        int more, part = 0, size, id_size = 0;
        size_t length = sizeof more;

        do {
            if ((size = zmq_recv(handler, text, sizeof text, 0)) < 0)
                break;
            if (part++ == 1)
                memcpy(id, text, (size_t)(id_size = size < 255 ? size : 255));
            if (zmq_getsockopt(handler, ZMQ_RCVMORE, &more, &length) != 0)
                more = 0;
        } while (more);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            break;
        asked++;
        zmq_send(handler, "1.0", 3, ZMQ_SNDMORE);
        zmq_send(handler, id, (size_t)id_size, ZMQ_SNDMORE);
        for (int i = 0; i < 4; i++)
            zmq_send(handler, reply[i], strlen(reply[i]), i < 3 ? ZMQ_SNDMORE : 0);
    }
    zmq_close(handler);
    return NULL;
}

static pthread_t start_handler(void *context, void *server)
{
    void *handler = open_socket(context, ZMQ_REP);
    pthread_t thread;

    TRY(done(zmq_bind, handler, "inproc://zeromq.zap.01"), "bind")
    TRY(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, "mine", 4) == 0, "option")
    if (pthread_create(&thread, NULL, handle, handler) != 0)
        give_up("thread");
    return thread;
}

static void cycle(int number)
{
    char endpoint[256], line[300], answer[256];
    void *context, *server, *client, *astray;
    struct own own = {NULL, NULL};
    pthread_t handler = 0;
    int64_t start;

    TRY((context = zmq_ctx_new()) != NULL, "context")
    server = open_socket(context, ZMQ_PULL);
    client = open_socket(context, ZMQ_PUSH);
    astray = open_socket(context, ZMQ_PUSH);
    if (handles)
        handler = start_handler(context, server);
    asked = 0;
    TRY(done(zmq_bind, server, "tcp://127.0.0.1:*"), "bind")
    resolved(server, endpoint);
    snprintf(line, sizeof line, "bound %s", endpoint);
    ask(line, answer);
    TRY(done(zmq_connect, client, answer), "connect")
    if (number == 0 && !handles)
        open_own(&own, context);
    ask("connect-astray", answer);
    TRY(done(zmq_connect, astray, answer), "connect")
    send_one(astray);
    start = now_ms();
    if (!exchange(server, client, patience_ms))
        give_up("exchange");
    if (handles && asked == 0)
        puts("violation: a client whom the program's handler was not asked about");
    printf("exchanged %d\n", (int)(now_ms() - start));
    if (number == 0) {
        ask("deauthorise", answer);
        start = now_ms();
        while (send_one(client), receive(server, QUIET_MS))
            if (now_ms() - start > REVOKED_MS)
                give_up("revocation");
        printf("ended %d\n", (int)(now_ms() - start));
        ask("authorise", answer);
        if (!exchange(server, client, patience_ms))
            give_up("exchange-again");
    }
    ask("attack", answer);
    if (receive(server, 0))
        puts("late");
    if (number == 0 && !handles)
        close_own(&own);
    zmq_close(astray);
    zmq_close(client);
    zmq_close(server);
    while (zmq_ctx_term(context) != 0)
        if (errno != EINTR)
            give_up("term");
    if (handles)
        pthread_join(handler, NULL);
}

void faults_in_child(void)
{
    char endpoint[256];
    void *context, *server, *client;

    alarm(CHILD_SECONDS);
    may_cancel = false;
    context = zmq_ctx_new();
    if (context == NULL || (server = zmq_socket(context, ZMQ_PULL)) == NULL ||
        (client = zmq_socket(context, ZMQ_PUSH)) == NULL)
        _exit(10);
    if (zmq_bind(server, "tcp://127.0.0.1:*") != 0)
        _exit(11);
    resolved(server, endpoint);
    if (zmq_connect(client, endpoint) != 0)
        _exit(12);
    if (!exchange(server, client, CHILD_SECONDS * 500))
        _exit(13);
    _exit(0);
}

static void tell_descriptors(void)
{
    DIR *directory;
    const struct dirent *entry;
    char path[300], target[300];

    puts("snapshot");
    if ((directory = opendir("/proc/self/fd")) == NULL)
        give_up("descriptors");
    while ((entry = readdir(directory)) != NULL) {
        ssize_t size;

        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        size = readlink(path, target, sizeof target - 1);
        if (size < 0 || atoi(entry->d_name) == dirfd(directory))
            continue;
        target[size] = '\0';
        printf("descriptor %s\n", target);
    }
    closedir(directory);
}

static void tell_children(void)
{
    int status;

    while (wait(&status) > 0)
        printf("child %d\n", status);
}

/* argv[1]: how long, in milliseconds, the first message may take; argv[2]: it has a ZAP handler. */
int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = note_signal};

    patience_ms = argc > 1 ? atoi(argv[1]) : 45000;
    handles = argc > 2;
    begun = true;
    sigaction(SIGUSR1, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < 2; i++)
        cycle(i);
    tell_children();
    /* Several: the library's threads open files for a moment. */
    for (int i = 0; i < SNAPSHOTS; i++) {
        tell_descriptors();
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    printf("signals %d\nend\n", (int)signals);
    return 0;
}
