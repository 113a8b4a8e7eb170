/* Command line of the reference agent: the same as agent.py's. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdbool.h>

enum { DEFAULT_COUNT = 5 };

struct options {
    bool server;
    bool ipv6;
    const char *pattern;
    const char *bind;
    const char *connect;
    const char *payload;
    long count;
    double timeout;
};

/* Exits with a message and status 2 on wrong usage, 0 after --help. */
struct options options_parse(int argc, char **argv);

#endif
