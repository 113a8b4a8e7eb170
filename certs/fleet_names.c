#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs/fleet_endpoint.h"
#include "certs/fleet_file.h"
#include "certs/fleet_map.h"
#include "shim/script_name.h"

/* Names are tried from the shortest: what the agent is called, or its systemd service is; with the
 * directory of its script, with its machine, with a number. */
enum level { LEVEL_PLAIN, LEVEL_UNIT, LEVEL_DIRECTORY, LEVEL_HOST };

struct naming {
    const struct fleet_map *map;
    enum level *levels;
    unsigned *ordinals;
    char (*names)[FLEET_NAME_MAX];
};

struct piece {
    const char *text;
    size_t length;
};

/* Words that tell nothing of an agent, as files are called in every project, or directories. */
static bool tells(struct piece piece)
{
    static const char *const words[] = {
        "main",   "__main__", "__init__", "app",   "run",       "index",   "start",
        "launch", "manage",   "src",      "bin",   "lib",       "opt",     "usr",
        "srv",    "home",     "root",     "local", "code",      "python",  "dist",
        "var",    "log",      "logs",     "tmp",   "audit",     "json",    "curveshim",
        "stderr", "stdout",   "output",   "work",  "workspace", "current", "."};

    if (strspn(piece.text, "0123456789") >= piece.length)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == piece.length &&
            strncasecmp(words[i], piece.text, piece.length) == 0)
            return false;
    return true;
}

/* Takes the last piece from the first *length bytes of a path or of a module's name. */
static struct piece last_piece(const char *text, size_t *length, char separator)
{
    size_t start = *length;
    struct piece piece;

    while (start > 0 && text[start - 1] != separator)
        start--;
    piece = (struct piece){text + start, *length - start};
    *length = start > 0 ? start - 1 : 0;
    return piece;
}

static struct piece without_extensions(struct piece piece)
{
    const char *dot = memchr(piece.text, '.', piece.length);

    if (dot != NULL && dot > piece.text)
        piece.length = (size_t)(dot - piece.text);
    return piece;
}

/* The last piece that tells something, and the next such piece before it (may be NULL). */
static struct piece telling(const char *text, bool is_file, struct piece *before)
{
    const char separator = is_file ? '/' : '.';
    struct piece found[2] = {{"", 0}, {"", 0}};
    size_t length = strlen(text), count = 0;
    bool last = is_file;

    while (length > 0 && count < 2) {
        struct piece piece = last_piece(text, &length, separator);

        if (last)
            piece = without_extensions(piece);
        last = false;
        if (tells(piece))
            found[count++] = piece;
    }
    if (before != NULL)
        *before = found[1];
    return found[0];
}

/* As much of a name as a fleet file takes. */
static void append(char name[FLEET_NAME_MAX], const char *text, size_t length)
{
    size_t at = strlen(name);

    for (size_t i = 0; i < length && at + 1 < FLEET_NAME_MAX - 8; i++) {
        bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@+",
                            text[i]) != NULL;

        if (at > 0 || (plain && text[i] != '.'))
            name[at++] = plain ? text[i] : '-';
    }
    name[at] = '\0';
}

static void append_piece(char name[FLEET_NAME_MAX], struct piece piece)
{
    append(name, piece.text, piece.length);
}

static bool is_module(const struct fleet_seen_agent *agent)
{
    return strchr(agent->script, '/') == NULL;
}

void fleet_name(char name[FLEET_NAME_MAX], const struct fleet_seen_agent *agent)
{
    name[0] = '\0';
    append(name, agent->service, strlen(agent->service));
    if (name[0] == '\0' && agent->alone)
        append_piece(name, telling(agent->source, true, NULL));
    if (name[0] == '\0')
        append_piece(name, telling(agent->script, !is_module(agent), NULL));
    if (name[0] == '\0' && !script_is_interpreter(agent->program))
        append(name, agent->program, strlen(agent->program));
    if (name[0] == '\0' && agent->one_of_logs)
        append_piece(name, telling(agent->source, true, NULL));
}

/* The host by which others connect to it, if they agree on one. */
static struct piece what_others_say(const struct fleet_map *map, size_t index)
{
    struct piece said = {"", 0};

    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < map->agents[i].call_count; j++) {
            const struct fleet_seen_call *call = &map->agents[i].calls[j];
            struct fleet_endpoint to;

            if (call->call != FLEET_CONNECT || call->sight == FLEET_UNSEEN ||
                call->agent != index || fleet_endpoint_parse(&to, call->endpoint, NULL) != 0 ||
                fleet_endpoint_is_loopback(&to) ||
                to.host_length == strspn(to.host, "0123456789.") ||
                memchr(to.host, ':', to.host_length) != NULL)
                continue;
            if (said.length > 0 && (said.length != to.host_length ||
                                    strncasecmp(said.text, to.host, said.length) != 0))
                return (struct piece){"", 0};
            said = (struct piece){to.host, to.host_length};
        }
    return without_extensions(said);
}

static void name_at_level(const struct naming *naming, size_t index, enum level level)
{
    const struct fleet_seen_agent *agent = &naming->map->agents[index];
    char *name = naming->names[index], base[FLEET_NAME_MAX];
    struct piece before = {"", 0};

    memcpy(base, agent->called, sizeof base);
    if (base[0] == '\0')
        append_piece(base, what_others_say(naming->map, index));
    if ((base[0] == '\0' || level == LEVEL_UNIT) && agent->unit[0] != '\0') {
        base[0] = '\0';
        append_piece(base, telling(agent->unit, true, NULL));
    }
    if (base[0] == '\0' && !agent->made_up_host)
        append(base, agent->host, strcspn(agent->host, "."));
    if (base[0] == '\0')
        append(base, agent->program, strlen(agent->program));
    name[0] = '\0';
    if (level >= LEVEL_DIRECTORY) {
        (void)telling(agent->script, !is_module(agent), &before);
        append_piece(name, before);
        append(name, "-", name[0] != '\0');
    }
    append(name, base, strlen(base));
    if (level >= LEVEL_HOST && agent->host[0] != '\0') {
        append(name, "-", 1);
        append(name, agent->host, strcspn(agent->host, "."));
    }
    if (fleet_check_name(name, NULL) != 0)
        snprintf(name, FLEET_NAME_MAX, "agent");
}

static bool is_shared(const struct naming *naming, size_t index)
{
    for (size_t i = 0; i < naming->map->count; i++)
        if (i != index && strcasecmp(naming->names[i], naming->names[index]) == 0)
            return true;
    return false;
}

/* Moves all that share a name one level up; false when there is nothing to move. */
static bool lengthen(const struct naming *naming)
{
    bool moved = false;

    for (size_t i = 0; i < naming->map->count; i++)
        if (naming->levels[i] < LEVEL_HOST && is_shared(naming, i)) {
            naming->levels[i]++;
            moved = true;
        }
    for (size_t i = 0; moved && i < naming->map->count; i++)
        name_at_level(naming, i, naming->levels[i]);
    return moved;
}

/* The second of a name gets the number 2, and so on. */
static void number(const struct naming *naming)
{
    for (size_t i = 0; i < naming->map->count; i++) {
        naming->ordinals[i] = 1;
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(naming->names[j], naming->names[i]) == 0)
                naming->ordinals[i]++;
    }
    for (size_t i = 0; i < naming->map->count; i++) {
        char *name = naming->names[i];
        int length = (int)strlen(name);

        if (naming->ordinals[i] == 1)
            continue;
        do
            snprintf(name + length, (size_t)(FLEET_NAME_MAX - length), "-%u",
                     naming->ordinals[i]++);
        while (is_shared(naming, i));
    }
}

int fleet_names(struct fleet_map *map, struct cert_error *error)
{
    struct naming naming = {map, calloc(map->count + 1, sizeof *naming.levels),
                            calloc(map->count + 1, sizeof *naming.ordinals),
                            calloc(map->count + 1, sizeof *naming.names)};
    bool complete = naming.levels != NULL && naming.ordinals != NULL && naming.names != NULL;

    if (complete) {
        for (size_t i = 0; i < map->count; i++)
            name_at_level(&naming, i, LEVEL_PLAIN);
        while (lengthen(&naming))
            ;
        number(&naming);
    }
    for (size_t i = 0; complete && i < map->count; i++)
        complete = (map->agents[i].name = strdup(naming.names[i])) != NULL;
    free(naming.levels);
    free(naming.ordinals);
    free(naming.names);
    return complete ? 0 : cert_fail(error, ENOMEM, "out of memory");
}
