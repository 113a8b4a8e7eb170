#ifndef CURVESHIM_CERTS_TOOL_H
#define CURVESHIM_CERTS_TOOL_H

#include <getopt.h>
#include <stdbool.h>

#include "certs/error.h"

/* What the subcommands of curveshim-cert share: how they are described, how they read their
 * arguments and how they speak. Results go to stdout, complaints to stderr. */

enum tool_status {
    TOOL_DONE = 0,
    TOOL_FAILED = 1,
    TOOL_USAGE = 2,
};

struct command {
    const char *name;
    const char *arguments; /* "DIR NAME [--meta K=V]..." */
    const char *summary;   /* one line for the list of commands */
    const char *help;
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_init, command_new, command_authorize, command_revoke,
    command_list, command_show, command_verify, command_rotate, command_trust, command_fleet;

/* getopt_long that reports what it doesn't know: the option's value, -1 at the end, or '?' after
 * an error (return TOOL_USAGE then). A key is never an option. At the end argv has the operands
 * from optind on. */
int tool_option(const struct command *command, int argc, char **argv, const struct option *options);

/* TOOL_USAGE, after a complaint with a hint at --help. */
int tool_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One line on stderr, prefixed with the program's name. Always returns TOOL_FAILED. */
int tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tool_complain_error(const struct cert_error *error);

/* One line on stdout. Bytes that could act on a terminal are written as \xHH. */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
