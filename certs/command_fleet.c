#include <fcntl.h>
#include <stdlib.h>

#include "certs/fleet_log.h"
#include "certs/fleet_plan.h"
#include "certs/fleet_run.h"
#include "certs/owner.h"
#include "certs/text_file.h"
#include "certs/tool.h"

static int make(const char *file, const char *directory, const struct owner *owner)
{
    struct cert_error error = {0};
    struct fleet fleet = {0};
    size_t length = 0;
    char *text = text_file_read(AT_FDCWD, file, "", &length, &error);
    int status;

    if (text == NULL)
        return tool_complain_error(&error);
    if (fleet_parse(&fleet, text, length, file, &error) != 0 || fleet_plan(&fleet, &error) != 0)
        status = tool_complain_error(&error);
    else
        status = fleet_apply(&fleet, directory, owner) == 0 ? TOOL_DONE : TOOL_FAILED;
    fleet_free(&fleet);
    free(text);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"owner", required_argument, NULL, 'o'},
                                            {"from-log", no_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    struct owner owner = {0};
    bool from_log = false;
    int option;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        if (option == 'l')
            from_log = true;
        else if (!owner_parse(&owner, optarg))
            return tool_usage(command, "--owner %s: two numbers are expected, UID:GID", optarg);
    }
    if (from_log && argc == optind)
        return tool_usage(command, "--from-log: one LOG at least is expected, '-' for stdin");
    if (from_log)
        return fleet_from_logs(argc - optind, argv + optind);
    if (argc - optind != 2 || argv[optind + 1][0] == '\0')
        return tool_usage(command, "FILE and DIR are expected");
    return make(argv[optind], argv[optind + 1], &owner);
}

const struct command command_fleet = {
    .name = "fleet",
    .arguments = "FILE DIR [--owner UID:GID]\n"
                 "       curveshim-cert fleet --from-log LOG... > FILE",
    .summary = "make the directories of many agents",
    .help = "Makes DIR/NAME, a certificate directory, for each agent in FILE: its own pairs, the\n"
            "keys of the servers that it connects to (known_servers), and the certificates of\n"
            "the agents that connect to it (authorized_clients/), each good for the endpoints\n"
            "that it uses. FILE says who binds and who connects:\n"
            "\n"
            "  [brain]\n"
            "  bind tcp://*:5555\n"
            "  [ear]\n"
            "  connect tcp://brain:5555             the host is an agent's name, or\n"
            "  connect brain tcp://10.0.0.5:5555    the agent is named, and where the ports\n"
            "  connect brain tcp://nat:80 tcp://*:5555    differ, its bind too\n"
            "  owner 1000:1000                      optional, as are addresses, expires and\n"
            "  expires 2030-01-01T00:00:00Z         not-before, for its certificates\n"
            "\n"
            "Endpoints are written as the agent passes them to ZeroMQ. Run it again when FILE\n"
            "has changed, and after 'rotate': keys that are there are kept. The directory of an\n"
            "agent that is no longer in FILE is moved to DIR/removed/ and taken from there when\n"
            "it is back; nobody lets it connect any more.\n"
            "\n"
            "  --owner UID:GID   the owner of what is made (for root)\n"
            "  --from-log        draft FILE, on stdout, from logs of agents that ran with\n"
            "                    SECURE_ZMQ=audit SECURE_ZMQ_LOG_FORMAT=json. '-' is stdin,\n"
            "                    where 'docker compose logs' can go. With a log for each agent\n"
            "                    (SECURE_ZMQ_LOG=/var/log/brain.json), its file names the agent;\n"
            "                    else the script or program. Read the draft: what is not certain\n"
            "                    is marked CHECK, and UNMATCHED connects are comments\n",
    .run = run,
};
