/* Usage: contexts COUNT
 * Creates, binds, uses and terminates so many contexts, one after the other, and prints what the
 * process holds before and after. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static int entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;

    if (directory == NULL)
        return -1;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void check(int result, const char *call)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", call, zmq_strerror(zmq_errno()));
    exit(1);
}

static void use_once(void)
{
    void *context = zmq_ctx_new();
    void *server = zmq_socket(context, ZMQ_REP), *client = zmq_socket(context, ZMQ_REQ);
    char endpoint[256], text[16];
    size_t size = sizeof endpoint;

    check(zmq_bind(server, "tcp://127.0.0.1:*"), "zmq_bind");
    check(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size), "zmq_getsockopt");
    check(zmq_connect(client, endpoint), "zmq_connect");
    check(zmq_send(client, "question", 8, 0), "zmq_send");
    check(zmq_recv(server, text, sizeof text, 0), "zmq_recv");
    check(zmq_send(server, "answer", 6, 0), "zmq_send");
    check(zmq_recv(client, text, sizeof text, 0), "zmq_recv");
    zmq_close(client);
    zmq_close(server);
    check(zmq_ctx_term(context), "zmq_ctx_term");
}

static void report(const char *moment)
{
    printf("%s: %d threads, %d descriptors\n", moment, entries("/proc/self/task"),
           entries("/proc/self/fd"));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;

    use_once();
    report("before");
    for (int i = 1; i < count; i++)
        use_once();
    report("after");
    return 0;
}
