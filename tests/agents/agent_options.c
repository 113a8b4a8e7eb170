#include "agent_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_endpoint[] = "tcp://127.0.0.1:5555";

static const char usage[] =
    "usage: agent --mode server|client [--pattern PATTERN] [--bind ENDPOINT | --connect ENDPOINT]\n"
    "             [--ipv6] [--count N] [--payload TEXT] [--timeout SECONDS]\n"
    "\n"
    "A plain ZeroMQ agent: it sends and receives, and knows nothing of security.\n"
    "\n"
    "  --pattern   req-rep (default), pub-sub, push-pull, router-dealer, pair, xpub-xsub\n"
    "  --bind      the server's default is tcp://127.0.0.1:5555\n"
    "  --connect   the client's default is tcp://127.0.0.1:5555\n"
    "  --ipv6      allow IPv6\n"
    "  --count     messages; 0 = until stopped (server: 0, client: 5)\n"
    "  --payload   what messages begin with (hello; an answer: reply)\n"
    "  --timeout   time for everything; 0 = no end (server: 0, client: 10)\n"
    "\n"
    "The server of each pattern is REP, PUB, PULL, ROUTER, PAIR or XPUB, the client REQ, SUB,\n"
    "PUSH, DEALER, PAIR or XSUB; either may bind. The PUB server repeats its messages until it\n"
    "is stopped. Output is one JSON object per line.\n"
    "\n"
    "exit status: 0 got and sent everything; 2 wrong usage; 3 time is up and nothing came;\n"
    "4 bind or connect failed; 5 time is up and only a part came\n";

static const struct option long_options[] = {
    {"mode", required_argument, NULL, 'm'},    {"pattern", required_argument, NULL, 'p'},
    {"bind", required_argument, NULL, 'b'},    {"connect", required_argument, NULL, 'c'},
    {"ipv6", no_argument, NULL, '6'},          {"count", required_argument, NULL, 'n'},
    {"payload", required_argument, NULL, 't'}, {"timeout", required_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

static _Noreturn void wrong(const char *why)
{
    fprintf(stderr, "%sagent: %s\n", usage, why);
    exit(2);
}

static bool parse_mode(const char *value)
{
    if (strcmp(value, "server") != 0 && strcmp(value, "client") != 0)
        wrong("--mode is server or client");
    return strcmp(value, "server") == 0;
}

static double parse_number(const char *value)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || number < 0)
        wrong("not a number");
    return number;
}

static void set_defaults(struct options *options)
{
    bool server = options->server;
    bool publishes =
        strcmp(options->pattern, "pub-sub") == 0 || strcmp(options->pattern, "xpub-xsub") == 0;
    if (!options->bind && !options->connect) {
        if (server)
            options->bind = default_endpoint;
        else
            options->connect = default_endpoint;
    }
    if (!options->payload)
        options->payload = server && !publishes ? "reply" : "hello";
    if (options->count < 0)
        options->count = server ? 0 : DEFAULT_COUNT;
    if (options->timeout < 0)
        options->timeout = server ? 0 : 10;
}

struct options options_parse(int argc, char **argv)
{
    struct options options = {.pattern = "req-rep", .count = -1, .timeout = -1};
    const char *mode = NULL;
    int letter;
    while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (letter) {
        case 'm':
            mode = optarg;
            break;
        case 'p':
            options.pattern = optarg;
            break;
        case 'b':
            options.bind = optarg;
            break;
        case 'c':
            options.connect = optarg;
            break;
        case '6':
            options.ipv6 = true;
            break;
        case 'n':
            options.count = (long)parse_number(optarg);
            break;
        case 't':
            options.payload = optarg;
            break;
        case 'w':
            options.timeout = parse_number(optarg);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            exit(2);
        }
    }
    if (!mode || optind != argc || (options.bind && options.connect))
        wrong("--mode, and at most one of --bind and --connect");
    options.server = parse_mode(mode);
    set_defaults(&options);
    return options;
}
