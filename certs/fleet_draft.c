#include "certs/fleet_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certs/fleet_endpoint.h"
#include "certs/printable.h"

#define TEXT_MAX 1024

/* From here on Linux and pyzmq's bind_to_random_port take ports by chance. */
#define FIRST_RANDOM_PORT 49152

#define HEADING                                                                                    \
    "# Drafted by 'curveshim-cert fleet --from-log': who binds and who connects, as seen in the\n" \
    "# logs. Read it before you use it, above all the lines with UNMATCHED or CHECK; rename\n"     \
    "# agents as you like. Then: curveshim-cert fleet FILE DIR\n"

static const char *shown(const char *text)
{
    static char copy[TEXT_MAX];

    printable_copy(copy, sizeof copy, text);
    return copy;
}

/* An endpoint as a word of the file: '?' stands for what would end the word, or can't be in it. */
static char *as_word(const char *endpoint)
{
    char *word = strdup(endpoint);

    for (char *at = word; at != NULL && *at != '\0';) {
        size_t length = printable_character(at);

        if (length == 0 || *at == ' ' || *at == ',')
            *at = '?';
        at += length > 0 ? length : 1;
    }
    return word;
}

/* The path that libzmq makes for ipc://\*: /tmp/tmpXXXXXX/socket. */
static void vary_path(char *word)
{
    char *end = strrchr(word, '/'), *start;

    if (end == NULL || strcmp(end, "/socket") != 0 || end - word < 10)
        return;
    start = end - 6;
    if (strncmp(start - 4, "/tmp", 4) == 0)
        memset(start, '?', 6);
}

/* Where the bind lets the system choose, the next run's port or path is another. */
static char *connect_word(const struct fleet_seen_call *connect, const struct fleet_seen_call *bind)
{
    char *word = as_word(connect->endpoint), *port = word != NULL ? strrchr(word, ':') : NULL;
    struct fleet_endpoint at;

    if (word == NULL || connect->sight == FLEET_UNSEEN ||
        fleet_endpoint_parse(&at, bind->endpoint, NULL) != 0)
        return word;
    if (at.transport == FLEET_IPC && strcmp(bind->endpoint, "ipc://*") == 0)
        vary_path(word);
    else if (at.transport == FLEET_TCP && fleet_endpoint_any_port(&at) && port != NULL)
        strcpy(port + 1, "*");
    return word;
}

static int make_words(struct fleet_map *map, struct cert_error *error)
{
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < map->agents[i].call_count; j++) {
            struct fleet_seen_call *call = &map->agents[i].calls[j];

            call->word = call->call == FLEET_BIND
                             ? as_word(call->endpoint)
                             : connect_word(call, &map->agents[call->agent].calls[call->bind]);
            if (call->word == NULL)
                return cert_fail(error, ENOMEM, "out of memory");
        }
    return 0;
}

static bool is_glob(const struct fleet_seen_call *call)
{
    return call->call == FLEET_CONNECT && strpbrk(call->word, "*?") != NULL;
}

/* The call of the same kind before this one that has its word, or NULL. */
static const struct fleet_seen_call *twin(const struct fleet_seen_agent *agent,
                                          const struct fleet_seen_call *call)
{
    for (const struct fleet_seen_call *other = agent->calls; other < call; other++)
        if (other->call == call->call && other->sort == FLEET_WANTED &&
            (other->call == FLEET_BIND || other->sight != FLEET_UNSEEN) &&
            strcmp(other->word, call->word) == 0)
            return other;
    return NULL;
}

static bool goes_elsewhere(const struct fleet_map *map, const struct fleet_seen_call *a,
                           const struct fleet_seen_call *b)
{
    return a->agent != b->agent || strcmp(map->agents[a->agent].calls[a->bind].word,
                                          map->agents[b->agent].calls[b->bind].word) != 0;
}

/* Whether a call has a line that counts. */
static bool counts(const struct fleet_seen_agent *agent, const struct fleet_seen_call *call)
{
    struct fleet_endpoint endpoint;

    return call->sort == FLEET_WANTED && fleet_endpoint_parse(&endpoint, call->word, NULL) == 0 &&
           (call->call == FLEET_BIND || call->sight != FLEET_UNSEEN) && twin(agent, call) == NULL;
}

/* Whether the fleet file's own reading of a connect is just this bind. */
static bool is_plain(const struct fleet_seen_agent *listener, const struct fleet_seen_call *connect)
{
    const char *bind = listener->calls[connect->bind].word;
    enum fleet_fit fit = fleet_endpoint_fit(connect->word, bind);

    for (size_t i = 0; i < listener->call_count; i++) {
        const struct fleet_seen_call *other = &listener->calls[i];

        if (other->call == FLEET_BIND && other->sort == FLEET_WANTED &&
            strcmp(other->word, bind) != 0 && fleet_endpoint_fit(connect->word, other->word) >= fit)
            return false;
    }
    return fit != FLEET_FIT_NONE;
}

static void put_bind(struct fleet_draft *draft, const struct fleet_seen_call *bind, FILE *stream)
{
    struct fleet_endpoint endpoint;

    fprintf(stream, "bind %s", bind->word);
    if (fleet_endpoint_parse(&endpoint, bind->word, NULL) == 0 &&
        atol(endpoint.port) >= FIRST_RANDOM_PORT) {
        fputs("    # CHECK: if each start has another port, write * for it, also where it is "
              "connected to",
              stream);
        draft->doubtful++;
    }
    fputc('\n', stream);
}

static void put_connect(struct fleet_draft *draft, const struct fleet_map *map,
                        const struct fleet_seen_call *connect, FILE *stream)
{
    const struct fleet_seen_agent *listener = &map->agents[connect->agent];

    draft->connects++;
    fprintf(stream, "connect %s %s", listener->name, connect->word);
    if (!is_plain(listener, connect))
        fprintf(stream, " %s", listener->calls[connect->bind].word);
    if (connect->sight == FLEET_PORT_ONLY) {
        fputs("    # CHECK: nothing but the port or path says so", stream);
        draft->doubtful++;
    }
    fputc('\n', stream);
}

static void put_unmatched(struct fleet_draft *draft, const struct fleet_map *map,
                          const struct fleet_seen_agent *agent,
                          const struct fleet_seen_call *connect, FILE *stream)
{
    const struct fleet_seen_call *before = twin(agent, connect);

    if (connect->sight != FLEET_UNSEEN && before != NULL && !goes_elsewhere(map, connect, before))
        return;
    draft->unmatched++;
    fprintf(stream, "# UNMATCHED connect %s    # ", shown(connect->endpoint));
    if (connect->sight != FLEET_UNSEEN)
        fprintf(stream, "%s binds it, but not at a port or path of its own: give it one\n",
                map->agents[connect->agent].name);
    else if (connect->others > 1)
        fprintf(stream,
                "%zu agents may be meant, %s is one: write 'connect AGENT ENDPOINT' for the "
                "right one\n",
                connect->others, map->agents[connect->agent].name);
    else
        fputs("nobody in the logs binds it: add who does, or exempt it with "
              "SECURE_ZMQ_PLAINTEXT\n",
              stream);
}

static bool is_there(const struct fleet_seen_agent *agent, const struct fleet_seen_call *call)
{
    for (size_t i = 0; i < agent->call_count; i++)
        if (agent->calls[i].call == call->call && agent->calls[i].sort != FLEET_FAILED &&
            strcmp(agent->calls[i].endpoint, call->endpoint) == 0)
            return true;
    return false;
}

/* What is left as a comment. */
static void put_other(struct fleet_draft *draft, const struct fleet_map *map,
                      const struct fleet_seen_agent *agent, const struct fleet_seen_call *call,
                      FILE *stream)
{
    const char *verb = call->call == FLEET_BIND ? "bind" : "connect";

    switch (call->sort) {
    case FLEET_BY_HAND:
        fprintf(stream, "# %s %s: the program secures it by itself\n", verb, shown(call->endpoint));
        return;
    case FLEET_FAILED:
        if (is_there(agent, call))
            return;
        fprintf(stream, "# FAILED %s %s: ", verb, shown(call->endpoint));
        fprintf(stream, "%s\n", shown(call->reason));
        return;
    case FLEET_WANTED:
        if (call->call == FLEET_CONNECT) {
            put_unmatched(draft, map, agent, call, stream);
            return;
        }
        if (twin(agent, call) != NULL)
            return;
        break;
    default:
        break;
    }
    fprintf(stream, "# UNPROTECTED %s %s: CURVE can't protect it; SECURE_ZMQ=1 refuses it\n", verb,
            shown(call->endpoint));
}

/* Different binds of different processes: often different agents that one script was started as. */
static bool may_be_several(const struct fleet_seen_agent *agent)
{
    const struct fleet_seen_call *first = NULL;

    for (size_t i = 0; i < agent->call_count; i++) {
        const struct fleet_seen_call *call = &agent->calls[i];

        if (call->call != FLEET_BIND || call->sort != FLEET_WANTED || twin(agent, call) != NULL)
            continue;
        if (first != NULL && first->pid != call->pid)
            return true;
        first = call;
    }
    return false;
}

static void put_heading(struct fleet_draft *draft, const struct fleet_seen_agent *agent,
                        bool counted, FILE *stream)
{
    fprintf(stream, "\n%s[%s]\n", counted ? "" : "# Nothing of this agent counts yet:\n# ",
            agent->name);
    fprintf(stream, "# %s", shown(agent->program));
    if (agent->script[0] != '\0')
        fprintf(stream, " %s", shown(agent->script));
    if (agent->unit[0] != '\0')
        fprintf(stream, ", %s", shown(agent->unit));
    if (agent->host[0] != '\0')
        fprintf(stream, " on %s", shown(agent->host));
    fprintf(stream, ", in %s", shown(agent->source));
    if (agent->pid_count > 1)
        fprintf(stream, ", %zu processes", agent->pid_count);
    fputc('\n', stream);
    if (counted && may_be_several(agent)) {
        fputs("# CHECK: not all of this is bound by one process: if these are agents of their own, "
              "give\n# each its log\n",
              stream);
        draft->doubtful++;
    }
}

static void put_agent(struct fleet_draft *draft, const struct fleet_map *map,
                      const struct fleet_seen_agent *agent, FILE *stream)
{
    const struct fleet_seen_call *calls = agent->calls, *end = calls + agent->call_count, *call;
    bool counted = false;

    for (call = calls; !counted && call < end; call++)
        counted = counts(agent, call);
    draft->agents += counted;
    put_heading(draft, agent, counted, stream);
    for (call = calls; call < end; call++)
        if (call->call == FLEET_BIND && counts(agent, call))
            put_bind(draft, call, stream);
    /* In known_servers the first match counts: what is exact goes before globs. */
    for (int globs = 0; globs < 2; globs++)
        for (call = calls; call < end; call++)
            if (call->call == FLEET_CONNECT && counts(agent, call) && is_glob(call) == globs)
                put_connect(draft, map, call, stream);
    for (call = calls; call < end; call++)
        if (!counts(agent, call))
            put_other(draft, map, agent, call, stream);
}

int fleet_draft_write(struct fleet_draft *draft, struct fleet_map *map, FILE *stream,
                      struct cert_error *error)
{
    memset(draft, 0, sizeof *draft);
    if (make_words(map, error) != 0)
        return -1;
    fputs(HEADING, stream);
    for (size_t i = 0; i < map->count; i++)
        put_agent(draft, map, &map->agents[i], stream);
    return 0;
}
