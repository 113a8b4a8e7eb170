#include "certs/fleet_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certs/fleet_endpoint.h"
#include "certs/grow.h"
#include "certs/owner.h"
#include "certs/pair_name.h"
#include "certs/printable.h"
#include "certs/store.h"

#define WORDS_MAX 4

struct line {
    struct fleet *fleet;
    unsigned number;
    unsigned count;
    char *words[WORDS_MAX + 1]; /* what is too much is in the last one */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

#define FAIL(line, error, format, ...)                                                             \
    cert_fail(error, EINVAL, "%s:%u: " format, (line)->fleet->file, (line)->number, __VA_ARGS__)

/* Cuts a line into words in place. */
static void split(struct line *line, char *text)
{
    line->count = 0;
    while (line->count <= WORDS_MAX) {
        while (is_blank(*text))
            text++;
        if (*text == '\0' || *text == '#')
            return;
        line->words[line->count++] = text;
        while (*text != '\0' && !is_blank(*text))
            text++;
        if (*text != '\0')
            *text++ = '\0';
    }
}

int fleet_check_name(const char *name, struct cert_error *error)
{
    static const char *const reserved[] = {FLEET_REMOVED, AUTHORIZED, REVOKED};

    if (pair_check_name(name, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return cert_fail(error, EINVAL, "an agent can't be called '%s': use another name",
                             name);
    return 0;
}

static int check_name(const struct line *line, const char *name, struct cert_error *error)
{
    const struct fleet_agent *before = fleet_find(line->fleet, name);
    struct cert_error reason;

    if (fleet_check_name(name, &reason) != 0)
        return FAIL(line, error, "%s", reason.text);
    if (before != NULL)
        return FAIL(line, error, "[%s] is there already, on line %u: write one section", name,
                    before->line);
    return 0;
}

static int take_section(struct line *line, struct cert_error *error)
{
    struct fleet *fleet = line->fleet;
    char *name = line->words[0] + 1, *end = strchr(name, ']');
    struct fleet_agent *agent;

    if (line->count != 1 || end == NULL || end[1] != '\0')
        return FAIL(line, error, "a section is written %s", "[NAME]");
    *end = '\0';
    if (check_name(line, name, error) != 0)
        return -1;
    if ((agent = GROW(fleet->agents, fleet->count)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    agent->name = name;
    agent->line = line->number;
    return 0;
}

static int check_endpoint(const struct line *line, const char *text, struct cert_error *error)
{
    struct fleet_endpoint endpoint;
    struct cert_error reason;

    if (fleet_endpoint_parse(&endpoint, text, &reason) != 0)
        return FAIL(line, error, "%s", reason.text);
    return 0;
}

static int take_bind(struct line *line, struct fleet_agent *agent, struct cert_error *error)
{
    struct fleet_bind *bind;
    const char *endpoint = line->words[1];

    if (line->count != 2)
        return FAIL(line, error, "one endpoint is expected: %s", "bind ENDPOINT");
    if (check_endpoint(line, endpoint, error) != 0)
        return -1;
    if (strchr(endpoint, ',') != NULL)
        return FAIL(line, error, "'%s': a certificate can't hold an endpoint with a ','", endpoint);
    for (size_t i = 0; i < agent->bind_count; i++)
        if (strcmp(agent->binds[i].endpoint, endpoint) == 0)
            return FAIL(line, error, "%s is bound on line %u already: leave one out", endpoint,
                        agent->binds[i].line);
    if ((bind = GROW(agent->binds, agent->bind_count)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    *bind = (struct fleet_bind){endpoint, line->number};
    return 0;
}

static int take_connect(struct line *line, struct fleet_agent *agent, struct cert_error *error)
{
    struct fleet_connect new = {.line = line->number}, *connect;
    unsigned n = 1;

    if (line->count > 2 && strstr(line->words[1], "://") == NULL)
        new.agent = line->words[n++];
    new.endpoint = line->words[n++];
    if (new.agent != NULL && line->count == 4)
        new.bind = line->words[n++];
    if (line->count < 2 || n != line->count)
        return FAIL(line, error, "%s is expected, and nothing else",
                    "'connect ENDPOINT', 'connect AGENT ENDPOINT' or 'connect AGENT ENDPOINT "
                    "BIND-ENDPOINT'");
    if (check_endpoint(line, new.endpoint, error) != 0)
        return -1;
    for (size_t i = 0; i < agent->connect_count; i++)
        if (strcmp(agent->connects[i].endpoint, new.endpoint) == 0)
            return FAIL(line, error, "%s is on line %u already: leave one out", new.endpoint,
                        agent->connects[i].line);
    if ((connect = GROW(agent->connects, agent->connect_count)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    *connect = new;
    return 0;
}

static int take_owner(struct line *line, struct fleet_agent *agent, struct cert_error *error)
{
    if (line->count != 2 || !owner_parse(&agent->owner, line->words[1]))
        return FAIL(line, error, "two numbers are expected: %s", "owner UID:GID");
    return 0;
}

static int take_metadata(struct line *line, struct fleet_agent *agent, struct cert_error *error)
{
    struct cert_error reason;

    if (line->count != 2)
        return FAIL(line, error,
                    "one value is expected (several addresses: with ',' between): "
                    "%s VALUE",
                    line->words[0]);
    if (metadata_set(&agent->metadata, line->words[0], line->words[1], &reason) != 0)
        return FAIL(line, error, "%s", reason.text);
    return 0;
}

static int take_line(struct line *line, struct cert_error *error)
{
    static const struct {
        const char *word;
        int (*take)(struct line *line, struct fleet_agent *agent, struct cert_error *error);
    } kinds[] = {{"bind", take_bind},        {"connect", take_connect},
                 {"owner", take_owner},      {"addresses", take_metadata},
                 {"expires", take_metadata}, {"not-before", take_metadata}};
    struct fleet *fleet = line->fleet;

    if (line->count == 0)
        return 0;
    for (unsigned i = 0; i < line->count; i++)
        if (!printable(line->words[i]))
            return FAIL(line, error, "there are control characters, or bytes that are not %s",
                        "UTF-8");
    if (line->words[0][0] == '[')
        return take_section(line, error);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(line->words[0], kinds[i].word) != 0)
            continue;
        if (fleet->count == 0)
            return FAIL(line, error, "'%s' belongs to an agent: write its [NAME] before",
                        line->words[0]);
        return kinds[i].take(line, &fleet->agents[fleet->count - 1], error);
    }
    return FAIL(line, error,
                "'%.100s' is not understood: write [NAME], bind, connect, owner, addresses, "
                "expires or not-before",
                line->words[0]);
}

int fleet_parse(struct fleet *fleet, const char *text, size_t length, const char *file,
                struct cert_error *error)
{
    struct line line = {.fleet = fleet};
    char *at, *end;

    memset(fleet, 0, sizeof *fleet);
    fleet->file = file;
    if ((fleet->text = malloc(length + 1)) == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    memcpy(fleet->text, text, length);
    fleet->text[length] = '\0';
    if (memchr(fleet->text, '\0', length) != NULL)
        return cert_fail(error, EINVAL, "%s: there is a NUL byte: this is not a text file", file);
    at = fleet->text + (length >= 3 && memcmp(fleet->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    for (; at != NULL; at = end) {
        end = strchr(at, '\n');
        if (end != NULL)
            *end++ = '\0';
        line.number++;
        split(&line, at);
        if (take_line(&line, error) != 0)
            return -1;
    }
    if (fleet->count == 0)
        return cert_fail(error, EINVAL,
                         "%s: there is no agent in it: write its [NAME] and what "
                         "it binds and connects to",
                         file);
    return 0;
}

void fleet_free(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        free(fleet->agents[i].binds);
        free(fleet->agents[i].connects);
    }
    free(fleet->agents);
    free(fleet->text);
    memset(fleet, 0, sizeof *fleet);
}

const struct fleet_agent *fleet_find(const struct fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (strcmp(fleet->agents[i].name, name) == 0)
            return &fleet->agents[i];
    return NULL;
}
