#include "certs/tool.h"

#include <stdarg.h>
#include <stdio.h>

#include "certs/printable.h"

#define LINE_MAX_BYTES 8192

int tool_option(const struct command *command, int argc, char **argv, const struct option *options)
{
    int option;

    opterr = 0;
    option = getopt_long(argc, argv, ":", options, NULL);
    if (option == ':')
        tool_usage(command, "%s needs a value", argv[optind - 1]);
    else if (option == '?')
        tool_usage(command, "unknown option %s", argv[optind - 1]);
    else
        return option;
    return '?';
}

static void __attribute__((format(printf, 3, 0)))
print_line(FILE *to, const char *prefix, const char *format, va_list arguments)
{
    char text[LINE_MAX_BYTES], clean[4 * LINE_MAX_BYTES];

    vsnprintf(text, sizeof text, format, arguments);
    printable_copy(clean, sizeof clean, text);
    fprintf(to, "%s%s\n", prefix, clean);
}

int tool_usage(const struct command *command, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(stderr, "curveshim-cert: ", format, arguments);
    va_end(arguments);
    if (command != NULL)
        fprintf(stderr, "usage: curveshim-cert %s %s\nsee: curveshim-cert %s --help\n",
                command->name, command->arguments, command->name);
    else
        fputs("see: curveshim-cert --help\n", stderr);
    return TOOL_USAGE;
}

int tool_complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(stderr, "curveshim-cert: ", format, arguments);
    va_end(arguments);
    return TOOL_FAILED;
}

int tool_complain_error(const struct cert_error *error)
{
    return tool_complain("%s", error->text);
}

void tool_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(stdout, "", format, arguments);
    va_end(arguments);
}
