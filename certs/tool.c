#include "certs/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "certs/printable.h"
#include "certs/z85.h"

#define LINE_MAX_BYTES 8192

/* One key in 85 begins as options do. */
static bool is_key(const char *text)
{
    uint8_t key[KEY_BYTES];

    return z85_decode_key(key, text, strlen(text));
}

int tool_option(const struct command *command, int argc, char **argv, const struct option *options)
{
    static int kept; /* operands so far, moved to argv[1] and what follows */

    if (optind <= 1)
        kept = 0;
    opterr = 0;
    for (;;) {
        int at = optind, option = 1;

        if (at < argc && argv[at][0] == '-' && argv[at][1] != '-' && is_key(argv[at]))
            optind++;
        else
            option = getopt_long(argc, argv, "-:", options, NULL);
        if (option == 1 || (option == '?' && is_key(argv[at]))) {
            argv[++kept] = argv[at];
        } else if (option == -1) {
            optind -= kept;
            memmove(argv + optind, argv + 1, (size_t)kept * sizeof *argv);
            return -1;
        } else if (option == ':') {
            tool_usage(command, "%s needs a value", argv[at]);
            return '?';
        } else {
            if (option == '?')
                tool_usage(command, "unknown option %s", argv[at]);
            return option;
        }
    }
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
