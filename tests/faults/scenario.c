/* What the faults happen to: a program that binds, connects, sends, loses its client's
 * authorisation, gets it back, and ends; twice. It also has a socket that it secures by itself and
 * lets nobody into, as it asks libzmq for a ZAP handler and binds none. It tries again what is
 * refused, three times. It speaks with the test: a line for each step, and goes on after a line of
 * input where it says so.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

/* Called by what brings the faults. */
void faults_in_child(void);
bool faults_may_fork(void);
bool faults_may_cancel(void);

enum { REVOKED_MS = 10000, QUIET_MS = 300, CHILD_SECONDS = 20, SNAPSHOTS = 5 };

static volatile sig_atomic_t signals, astray_signals;
static atomic_bool begun; /* children may be forked */
static int patience_ms;

/* The library's threads have no business with the program's signals. libzmq's may get one before
 * they have blocked it. */
static void note_signal(int number)
{
    char name[16] = "";

    (void)number;
    signals++;
    (void)prctl(PR_GET_NAME, name, 0, 0, 0);
    if (strncmp(name, "curveshim", 9) == 0)
        astray_signals++;
}

bool faults_may_fork(void)
{
    return begun;
}

bool faults_may_cancel(void)
{
    return may_cancel;
}

/* How it differs from what is said above. */
static enum {
    PLAIN,
    HANDLES, /* a ZAP handler of its own */
    ODD,     /* it loads ./deep.so, and more */
    AUDITED, /* nobody loses an authorisation */
} kind;

int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void give_up(const char *what)
{
    printf("failed %s %s\n", what, zmq_strerror(errno));
    exit(FAILED);
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

struct sockets {
    void *server;
    void *client;
    void *astray;
    void *clear;
    struct own own;
};

static void connect_astray(const struct sockets *sockets)
{
    char answer[256];

    ask("connect-astray", answer);
    TRY(done(zmq_connect, sockets->astray, answer), "connect")
    send_one(sockets->astray);
    begun = true;
}

/* What few programs do: to bind a port of an interface, here one that is taken; and to connect
 * where the operator lets it be in clear, to nobody. */
static void do_odd_things(struct sockets *sockets, void *context, const char *endpoint)
{
    char again[256];

    snprintf(again, sizeof again, "tcp://lo%s", strrchr(endpoint, ':'));
    if (done(zmq_bind, sockets->server, again))
        puts("violation: two are bound to one port");
    sockets->clear = open_socket(context, ZMQ_PUSH);
    TRY(done(zmq_connect, sockets->clear, "tcp://127.0.0.2:9"), "connect")
}

static void lose_authorisation(const struct sockets *sockets)
{
    const int64_t start = now_ms();
    char answer[256];

    ask("deauthorise", answer);
    while (send_one(sockets->client), receive(sockets->server, QUIET_MS))
        if (now_ms() - start > REVOKED_MS)
            give_up("revocation");
    printf("ended %d\n", (int)(now_ms() - start));
    ask("authorise", answer);
    if (!exchange(sockets->server, sockets->client, patience_ms))
        give_up("exchange-again");
}

static void converse(struct sockets *sockets, void *context, bool first)
{
    char endpoint[256], line[300], answer[256];
    int64_t start;

    if (kind == ODD)
        connect_astray(sockets);
    TRY(done(zmq_bind, sockets->server, "tcp://127.0.0.1:*"), "bind")
    resolved(sockets->server, endpoint);
    snprintf(line, sizeof line, "bound %s", endpoint);
    ask(line, answer);
    TRY(done(zmq_connect, sockets->client, answer), "connect")
    if (first && kind != HANDLES)
        open_own(&sockets->own, context);
    if (kind == ODD)
        do_odd_things(sockets, context, endpoint);
    else
        connect_astray(sockets);
    start = now_ms();
    if (!exchange(sockets->server, sockets->client, patience_ms))
        give_up("exchange");
    printf("exchanged %d\n", (int)(now_ms() - start));
    if (first)
        lose_authorisation(sockets);
    ask("attack", answer);
    if (receive(sockets->server, 0))
        puts("late");
    if (first && kind != HANDLES)
        close_own(&sockets->own);
}

static void cycle(int number)
{
    struct sockets sockets = {NULL, NULL, NULL, NULL, {NULL, NULL}};
    pthread_t handler = 0;
    void *context;

    TRY((context = zmq_ctx_new()) != NULL, "context")
    sockets.server = open_socket(context, ZMQ_PULL);
    sockets.client = open_socket(context, ZMQ_PUSH);
    sockets.astray = open_socket(context, ZMQ_PUSH);
    asked = 0;
    if (kind == HANDLES)
        handler = start_handler(context, sockets.server);
    converse(&sockets, context, number == 0);
    if (kind == HANDLES && asked == 0)
        puts("violation: a client whom the program's handler was not asked about");
    if (sockets.clear != NULL)
        zmq_close(sockets.clear);
    zmq_close(sockets.astray);
    zmq_close(sockets.client);
    zmq_close(sockets.server);
    while (zmq_ctx_term(context) != 0)
        if (errno != EINTR)
            give_up("term");
    if (kind == HANDLES)
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

static void load_deep(void)
{
    if (dlopen("./deep.so", RTLD_NOW | RTLD_DEEPBIND) == NULL)
        puts("violation: a library cannot be loaded");
}

/* argv[1]: how long, in milliseconds, the first message may take. argv[2]: its kind, in lower case.
 */
int main(int argc, char **argv)
{
    static const char *const kinds[] = {"plain", "handles", "odd", "audited"};
    struct sigaction action = {.sa_handler = note_signal};

    patience_ms = argc > 1 ? atoi(argv[1]) : 45000;
    while (argc > 2 && strcmp(argv[2], kinds[kind]) != 0)
        kind++;
    /* Its own key pair comes late; before that no child could bind. */
    begun = kind != ODD;
    sigaction(SIGUSR1, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (kind == ODD)
        load_deep();
    for (int i = kind == AUDITED; i < 2; i++)
        cycle(i);
    tell_children();
    /* Several: the library's threads open files for a moment. */
    for (int i = 0; i < SNAPSHOTS; i++) {
        tell_descriptors();
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    if (astray_signals > 0)
        puts("violation: a signal in a thread of the library");
    printf("signals %d\nend\n", (int)signals);
    return 0;
}
