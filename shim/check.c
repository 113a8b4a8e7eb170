#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/check_all.h"
#include "shim/check_bytes.h"
#include "shim/check_endpoint.h"
#include "shim/check_file.h"
#include "shim/check_live.h"
#include "shim/check_proc.h"
#include "shim/check_process.h"

#define EXIT_USAGE 64
#define DEFAULT_TIMEOUT 2000
#define DEFAULT_WATCH 2

static const char help[] =
    "usage: curveshim-check [--json] [--timeout MS] TARGET...\n"
    "       curveshim-check --all | PID... [--watch[=SECONDS]]\n"
    "\n"
    "Tells whether ZeroMQ is secured, and if not why and what to do. TARGET is\n"
    "  FILE               a program, library or script: can curveshim secure it\n"
    "  PID                a running process: is it secured now\n"
    "  tcp://HOST:PORT    an endpoint: which mechanism does it speak\n"
    "  ipc://PATH         likewise; ipc://@NAME is an abstract one\n"
    "A FILE without a slash is looked up in PATH; write ./12 for a file named 12.\n"
    "\n"
    "  --all              a table of all processes that use ZeroMQ: endpoints, peers, and\n"
    "                     what failed; of other users' too when run as root\n"
    "  --watch[=SECONDS]  show the table again every 2 s, or so many, until interrupted\n"
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

    if (text == NULL || *text < '0' || *text > '9')
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

/* What it does now, where it keeps a page. */
static void show_rows(pid_t pid)
{
    struct state_page *page = check_allocate(sizeof *page);

    if (proc_page(pid, page) == PAGE_READ) {
        live_heading(stdout);
        live_rows(stdout, pid, page, NULL);
    }
    free(page);
}

static int check_target(const char *target, bool json, int timeout)
{
    struct check_result result;
    int status;
    long pid = 0;

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
    if (!json && strcmp(result.kind, "process") == 0)
        show_rows((pid_t)pid);
    status = check_status(result.verdict);
    check_result_free(&result);
    return status;
}

static int check_every_process(int timeout)
{
    pid_t *pids;
    size_t count = check_all_pids(&pids);
    int status = 0;

    for (size_t i = 0; i < count; i++) {
        char *target = check_format("%d", (int)pids[i]);

        status = check_status_join(status, check_target(target, true, timeout));
        free(target);
    }
    free(pids);
    return status;
}

struct table {
    bool all;
    long seconds; /* 0: once */
};

static int show_table(const struct table *wanted, char **targets, size_t count)
{
    pid_t *pids = wanted->all ? NULL : check_allocate(count * sizeof *pids);
    int status;

    for (size_t i = 0; pids != NULL && i < count; i++) {
        long pid;

        if (!parse_number(targets[i], &pid)) {
            free(pids);
            return complain("--watch is for processes, which this is not: ", targets[i]);
        }
        pids[i] = (pid_t)pid;
    }
    status = wanted->seconds == 0 ? check_all(stdout, pids, count)
                                  : check_watch(pids, count, wanted->seconds);
    free(pids);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'},
        {"watch", optional_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    struct table wanted = {false, 0};
    bool json = false;
    long timeout = DEFAULT_TIMEOUT;
    int letter, status = 0;

    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (letter) {
        case 'a':
            wanted.all = true;
            break;
        case 'w':
            wanted.seconds = DEFAULT_WATCH;
            if (optarg != NULL && !parse_number(optarg, &wanted.seconds))
                return complain("not a time in seconds: ", optarg);
            break;
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
    if (wanted.all && optind < argc)
        return complain("--all is for all processes, not for one: ", argv[optind]);
    if (!wanted.all && optind == argc)
        return complain("a target is missing", "");
    if (json && wanted.seconds != 0)
        return complain("--watch shows a table, not JSON", "");
    check_bytes_guard();
    if (json && wanted.all)
        status = check_every_process((int)timeout);
    else if (wanted.all || wanted.seconds != 0)
        status = show_table(&wanted, argv + optind, (size_t)(argc - optind));
    for (; !wanted.all && wanted.seconds == 0 && optind < argc; optind++)
        status = check_status_join(status, check_target(argv[optind], json, (int)timeout));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("curveshim-check: stdout");
        return 2;
    }
    return status;
}
