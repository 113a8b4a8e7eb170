#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Makes one kind of call COUNT times on descriptors that carry no handshake. */
int main(int argc, char **argv)
{
    long count = argc > 2 ? atol(argv[2]) : 0;
    char buffer[64] = "hello";
    int pair[2], sink = open("/dev/null", O_WRONLY), source = open("/dev/zero", O_RDONLY);
    ssize_t done = 0;

    if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 2;
    done += send(pair[0], buffer, 5, 0) + recv(pair[1], buffer, 5, 0);
    done += write(sink, buffer, 1) + read(source, buffer, 1);
    for (long i = 0; i < count; i++) {
        if (strcmp(argv[1], "write") == 0)
            done += write(sink, buffer, 5);
        else if (strcmp(argv[1], "read") == 0)
            done += read(source, buffer, 5);
        else if (strcmp(argv[1], "send") == 0)
            done += send(pair[0], buffer, 1, MSG_DONTWAIT);
        else
            done += recv(pair[1], buffer, 5, MSG_DONTWAIT);
    }
    return done == 0;
}
