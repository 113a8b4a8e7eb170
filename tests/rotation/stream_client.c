#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/* stream_client.py in C: see there. */

enum { TICK_MS = 2, MOST_SERVERS = 4, MOST_OUTSTANDING = 500, WINDOW = 4096 };

struct server {
    void *socket;
    bool waits[WINDOW]; /* by number; no two that wait are further apart */
    int outstanding;
    bool held, said, has_answered;
};

static struct server servers[MOST_SERVERS];
static int server_count, turn;
static long sent, answered, again;
static bool stopping, ready;

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool send_one(const char *name)
{
    char text[100];

    for (int i = 0; i < server_count; i++) {
        struct server *server = &servers[turn = (turn + 1) % server_count];
        int size;

        if (server->held || server->outstanding >= MOST_OUTSTANDING || server->waits[sent % WINDOW])
            continue;
        size = snprintf(text, sizeof text, "%s %ld", name, sent);
        if (zmq_send(server->socket, text, (size_t)size, 0) < 0)
            exit(1);
        server->waits[sent++ % WINDOW] = true;
        server->outstanding++;
        return true;
    }
    return false;
}

static void receive_all(struct server *server)
{
    char text[101];
    int size;

    while ((size = zmq_recv(server->socket, text, sizeof text - 1, ZMQ_DONTWAIT)) >= 0) {
        long number;

        text[size < 100 ? size : 100] = '\0';
        number = strtol(strrchr(text, ' '), NULL, 10);
        if (server->waits[number % WINDOW]) {
            server->waits[number % WINDOW] = false;
            server->outstanding--;
            answered++;
            server->has_answered = true;
        } else {
            again++;
        }
    }
    if (server->held && server->outstanding == 0 && !server->said) {
        server->said = true;
        printf("held %d\n", (int)(server - servers));
        fflush(stdout);
    }
}

static void obey(const char *line)
{
    if (strcmp(line, "stop") == 0) {
        stopping = true;
        for (int i = 0; i < server_count; i++)
            servers[i].held = true;
        return;
    }
    struct server *server = &servers[atoi(strchr(line, ' ')) % MOST_SERVERS];

    server->held = strncmp(line, "hold", 4) == 0;
    server->said = false;
}

static void read_orders(void)
{
    char text[4096];
    ssize_t size = read(0, text, sizeof text - 1);

    if (size <= 0)
        exit(1);
    text[size] = '\0';
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        obey(line);
}

static void say_ready(void)
{
    for (int i = 0; i < server_count; i++)
        if (ready || !servers[i].has_answered)
            return;
    ready = true;
    puts("ready");
    fflush(stdout);
}

static bool is_waiting(void)
{
    for (int i = 0; i < server_count; i++)
        if (servers[i].outstanding > 0)
            return true;
    return false;
}

static void run(const char *name, int rate)
{
    zmq_pollitem_t items[MOST_SERVERS + 1] = {{NULL, 0, ZMQ_POLLIN, 0}};
    double due = seconds();

    for (int i = 0; i < server_count; i++)
        items[i + 1] = (zmq_pollitem_t){servers[i].socket, 0, ZMQ_POLLIN, 0};
    while (!stopping || is_waiting()) {
        double now;

        if (zmq_poll(items, server_count + 1, TICK_MS) < 0)
            exit(1);
        if (items[0].revents)
            read_orders();
        for (int i = 0; i < server_count; i++)
            receive_all(&servers[i]);
        say_ready();
        now = seconds();
        while (due <= now && send_one(name))
            due += 1.0 / rate;
        /* What could not be sent in time is not caught up with. */
        if (due < now - 0.05)
            due = now - 0.05;
    }
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    int no = 0;

    for (; server_count < MOST_SERVERS && server_count + 3 < argc; server_count++) {
        void *socket = servers[server_count].socket = zmq_socket(context, ZMQ_DEALER);

        zmq_setsockopt(socket, ZMQ_LINGER, &no, sizeof no);
        if (zmq_connect(socket, argv[server_count + 3]) != 0)
            return 1;
    }
    run(argv[1], atoi(argv[2]));
    printf("{\"sent\": %ld, \"answered\": %ld, \"again\": %ld}\n", sent, answered, again);
    for (int i = 0; i < server_count; i++)
        zmq_close(servers[i].socket);
    zmq_ctx_term(context);
    return 0;
}
