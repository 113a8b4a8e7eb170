#include <unistd.h>

/* Nothing but a process. */
int main(void)
{
    char byte;

    return read(STDIN_FILENO, &byte, 1) < 0;
}
