#include <stdarg.h>
#include <stdio.h>

#include "certs/tool.h"
#include "certs/verify.h"

static void __attribute__((format(printf, 2, 0)))
print(const char *kind, const char *format, va_list arguments)
{
    char text[4096];

    vsnprintf(text, sizeof text, format, arguments);
    tool_say("%s: %s", kind, text);
}

void verify_problem(struct findings *findings, const char *format, ...)
{
    va_list arguments;

    findings->problems++;
    va_start(arguments, format);
    print("problem", format, arguments);
    va_end(arguments);
}

void verify_note(struct findings *findings, const char *format, ...)
{
    va_list arguments;

    findings->notes++;
    va_start(arguments, format);
    print("note", format, arguments);
    va_end(arguments);
}

static int verify(const char *directory)
{
    struct findings findings = {0};
    struct cert_error error;
    struct store store;
    int status = TOOL_DONE;

    if (store_open(&store, directory, false, &error) != 0) {
        status = tool_complain_error(&error);
    } else {
        verify_layout(&store, &findings);
        verify_pairs(&store, &findings);
        verify_authorized(&store, &findings);
        verify_known_servers(&store, &findings);
        if (findings.problems == 0)
            tool_say("%s: all is well", store.path);
        else
            tool_say("%s: %u problem%s", store.path, findings.problems,
                     findings.problems == 1 ? "" : "s");
        status = findings.problems == 0 ? TOOL_DONE : TOOL_FAILED;
    }
    store_close(&store);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};

    if (tool_option(command, argc, argv, options) != -1)
        return TOOL_USAGE;
    if (argc - optind != 1)
        return tool_usage(command, "one DIR is expected");
    return verify(argv[optind]);
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "DIR",
    .summary = "find what the shim would refuse",
    .help = "Reads all of DIR as the shim would and prints a line for each problem, with its\n"
            "remedy: files that can't be parsed, pairs that don't belong together, secret\n"
            "files that others can read, directories that others can write, certificates that\n"
            "are expired, duplicate or both authorised and revoked, a known_servers file that\n"
            "can't be used. Run it as the user that runs the agents.\n"
            "\n"
            "Exit status: 0 all is well (there may be notes), 1 problems.\n",
    .run = run,
};
