#include <stdio.h>
#include <unistd.h>

#include "listener.h"

/* Says where it listens (or that it can't), and stays until its stdin ends. */
int main(int argc, char **argv)
{
    char where[256], byte;

    if (argc != 2)
        return 2;
    if (listener_start(argv[1], where, sizeof where) != 0)
        puts("refused");
    else
        puts(where);
    fflush(stdout);
    return read(STDIN_FILENO, &byte, 1) < 0;
}
