#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "certs/tool.h"

static const struct command *const commands[] = {
    &command_init, &command_new,    &command_authorize, &command_revoke, &command_list,
    &command_show, &command_verify, &command_rotate,    &command_trust,  &command_fleet,
};
#define COMMANDS (sizeof commands / sizeof *commands)

static int print_help(void)
{
    puts("usage: curveshim-cert COMMAND ...\n"
         "\n"
         "Makes and keeps the certificates of curveshim. DIR is the certificate directory, the\n"
         "one that SECURE_ZMQ_CERTS names.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n"
         "Start with: curveshim-cert init certificates\n"
         "More about a command: curveshim-cert COMMAND --help\n"
         "Exit status: 0 done, 1 failed or problems found, 2 wrong usage.");
    return TOOL_DONE;
}

static int print_command_help(const struct command *command)
{
    printf("usage: curveshim-cert %s %s\n\n%s", command->name, command->arguments, command->help);
    return TOOL_DONE;
}

static int wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return 1;
    return 0;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return tool_usage(NULL, "a command is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return puts("curveshim-cert " CURVESHIM_VERSION) < 0;
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0) {
            if (wants_help(argc - 1, argv + 1))
                return print_command_help(commands[i]);
            return commands[i]->run(commands[i], argc - 1, argv + 1);
        }
    return tool_usage(NULL, "there is no command '%s'", argv[1]);
}

int main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    int status;

    /* A core file would hold keys. */
    setrlimit(RLIMIT_CORE, &none);
    if (sodium_init() < 0)
        return tool_complain("libsodium can't start: is there a source of random numbers?");
    status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return tool_complain("writing the output failed");
    return status;
}
