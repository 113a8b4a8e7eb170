#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/check_bytes.h"
#include "shim/check_endpoint.h"
#include "shim/check_file.h"
#include "shim/check_process.h"

#define EXIT_USAGE 64
#define DEFAULT_TIMEOUT 2000

static const char help[] =
    "usage: curveshim-check [--json] [--timeout MS] TARGET...\n"
    "\n"
    "Tells whether ZeroMQ is secured, and if not why and what to do. TARGET is\n"
    "  FILE               a program, library or script: can curveshim secure it\n"
    "  PID                a running process: is it secured now\n"
    "  tcp://HOST:PORT    an endpoint: which mechanism does it speak\n"
    "  ipc://PATH         likewise; ipc://@NAME is an abstract one\n"
    "A FILE without a slash is looked up in PATH; write ./12 for a file named 12.\n"
    "\n"
    "  --json             one JSON object per target and line\n"
    "  --timeout MS       how long to wait for an endpoint's answer (2000)\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 secured, 1 not, 2 could not tell, 64 wrong usage; of several targets 1 goes\n"
    "over 2, and 2 over 0.\n";

static int complain(const char *text, const char *what)
{
    fprintf(stderr, "curveshim-check: %s%s\nTry 'curveshim-check --help'.\n", text, what);
    return EXIT_USAGE;
}

static bool parse_number(const char *text, long *number)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && *number > 0 && *number <= INT_MAX;
}

static void check_name(struct check_result *result, const char *name)
{
    char *path = check_file_find(name);

    if (path == NULL) {
        check_reason(result, CHECK_UNKNOWN, "neither in PATH nor in the working directory");
        return;
    }
    check_set_text(result->details, "path", path);
    check_file(result, path, 0);
    free(path);
}

static int check_target(const char *target, bool json, int timeout)
{
    struct check_result result;
    int status;
    long pid;

    check_result_init(&result, target, "other");
    if (strstr(target, "://") != NULL)
        check_endpoint(&result, target, timeout);
    else if (parse_number(target, &pid))
        check_process(&result, (pid_t)pid, timeout);
    else
        check_name(&result, target);
    if (json)
        check_result_json(stdout, &result);
    else
        check_result_text(stdout, &result);
    status = check_status(result.verdict);
    check_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    bool json = false;
    long timeout = DEFAULT_TIMEOUT;
    int letter, status = 0;

    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (letter) {
        case 'j':
            json = true;
            break;
        case 't':
            if (!parse_number(optarg, &timeout))
                return complain("not a time in milliseconds: ", optarg);
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        case 'v':
            puts("curveshim-check " CURVESHIM_VERSION);
            return 0;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return complain("a target is missing", "");
    check_bytes_guard();
    for (; optind < argc; optind++)
        status = check_status_join(status, check_target(argv[optind], json, (int)timeout));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("curveshim-check: stdout");
        return 2;
    }
    return status;
}
