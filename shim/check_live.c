#include "shim/check_live.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "shim/check_proc.h"
#include "shim/config.h"
#include "shim/rfc3339.h"
#include "shim/script_name.h"

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

char *live_program(pid_t pid)
{
    char *file = proc_link(pid, "exe"), *command, *text;
    char script[256] = "";
    size_t length = 0;

    if (file == NULL)
        return check_format("?");
    command = proc_read(pid, "cmdline", &length);
    if (command != NULL)
        script_name(script, sizeof script, base(file), command, length, NULL);
    text = check_format("%s%s%s", base(file), script[0] != '\0' ? " " : "", base(script));
    free(command);
    free(file);
    return text;
}

/* A column: escaped, and filled up with blanks; the rest of a line for width 0. */
static void column(FILE *out, size_t width, const char *text)
{
    char *escaped = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&escaped, &size);

    if (memory == NULL)
        err(2, "memory");
    check_write_escaped(memory, text, false);
    if (fclose(memory) != 0)
        err(2, "memory");
    if (width == 0)
        fputs(escaped, out);
    else
        fprintf(out, "%-*s ", (int)width, escaped);
    free(escaped);
}

struct row {
    const char *pid, *program, *role, *where, *state, *since;
};

static void write_row(FILE *out, const struct row *row)
{
    column(out, 7, row->pid);
    column(out, 24, row->program);
    column(out, 8, row->role);
    column(out, 36, row->where);
    column(out, 20, row->since);
    column(out, 0, row->state);
    fputc('\n', out);
}

void live_heading(FILE *out)
{
    static const struct row heading = {"PID",   "PROGRAM", "ROLE", "ENDPOINT OR PEER",
                                       "STATE", "SINCE"};

    write_row(out, &heading);
}

static void write_time(char text[RFC3339_SIZE], uint64_t seconds)
{
    rfc3339_format(text, (int64_t)seconds, 0);
    if (strlen(text) > 5)
        strcpy(text + strlen(text) - 5, "Z");
}

static bool is_live(pid_t pid, const struct state_page_peer *peer)
{
    char *name = check_format("fd/%d", (int)peer->descriptor), *target = proc_link(pid, name);
    char *socket = check_format("socket:[%llu]", (unsigned long long)peer->inode);
    bool live = peer->inode != 0 && target != NULL && strcmp(target, socket) == 0;

    free(name);
    free(target);
    free(socket);
    return live;
}

static void peer_rows(FILE *out, const struct state_page *page, const bool *live,
                      const struct state_page_entry *entry)
{
    for (size_t i = 0; i < STATE_PAGE_PEERS; i++) {
        const struct state_page_peer *peer = &page->peers[i];
        char since[RFC3339_SIZE];
        struct row row = {"", "", "  peer", peer->peer, peer->name, since};

        if (!live[i] || peer->server != entry->server ||
            (strcmp(peer->endpoint, entry->endpoint) != 0 &&
             strcmp(peer->endpoint, entry->resolved) != 0))
            continue;
        write_time(since, peer->since);
        if (row.state[0] == '\0')
            row.state = peer->server == 1 ? "(no name)" : "connected";
        write_row(out, &row);
    }
}

/* Its peers are shown with the first of several sockets. */
static bool is_first(const struct state_page *page, size_t at)
{
    const struct state_page_entry *entry = &page->entries[at];

    for (size_t i = 0; i < at; i++)
        if (page->entries[i].kind != 0 && page->entries[i].server == entry->server &&
            strcmp(page->entries[i].endpoint, entry->endpoint) == 0 &&
            strcmp(page->entries[i].resolved, entry->resolved) == 0)
            return false;
    return true;
}

static char *trouble_text(const struct state_page_trouble *trouble)
{
    const char *colon = trouble->name[0] != '\0' ? ": " : "";
    char last[RFC3339_SIZE];

    if (trouble->count == 1)
        return check_format("%s%s%s", trouble->name, colon, trouble->reason);
    write_time(last, trouble->last);
    return check_format("%s%s%s, %llu times, last %s", trouble->name, colon, trouble->reason,
                        (unsigned long long)trouble->count, last);
}

static void trouble_rows(FILE *out, const struct state_page *page)
{
    for (size_t i = 0; i < STATE_PAGE_TROUBLES; i++) {
        const struct state_page_trouble *trouble = &page->troubles[i];
        char since[RFC3339_SIZE], *state, *where;
        struct row row = {"", "", "  failed", NULL, NULL, since};

        if (trouble->count == 0)
            continue;
        write_time(since, trouble->since);
        state = trouble_text(trouble);
        where = check_format("%s%s%s", trouble->address, trouble->address[0] != '\0' ? " at " : "",
                             trouble->endpoint);
        row.state = state;
        row.where = where;
        write_row(out, &row);
        free(state);
        free(where);
    }
}

static const char *mode(const struct state_page *page)
{
    if (page->mode == CONFIG_AUDIT)
        return "audit: nothing is secured";
    if (page->mode != CONFIG_ON)
        return "switched off";
    return page->config_error[0] != '\0' ? page->config_error : "nothing bound or connected";
}

static size_t entry_rows(FILE *out, pid_t pid, const struct state_page *page, struct row first)
{
    bool live[STATE_PAGE_PEERS];
    size_t count = 0;

    for (size_t i = 0; i < STATE_PAGE_PEERS; i++)
        live[i] = is_live(pid, &page->peers[i]);
    for (size_t i = 0; i < STATE_PAGE_ENTRIES; i++) {
        const struct state_page_entry *entry = &page->entries[i];
        char since[RFC3339_SIZE];
        struct row row = first;

        if (entry->kind == 0)
            continue;
        write_time(since, entry->since);
        row.role = entry->server == 1 ? "server" : "client";
        row.where = entry->resolved[0] != '\0' ? entry->resolved : entry->endpoint;
        row.state = page_state(entry);
        row.since = since;
        write_row(out, &row);
        first.pid = first.program = "";
        count++;
        if (is_first(page, i))
            peer_rows(out, page, live, entry);
    }
    return count;
}

void live_rows(FILE *out, pid_t pid, const struct state_page *page, const char *why)
{
    char *number = check_format("%d", (int)pid), *program = live_program(pid);
    struct row row = {number, program, "-", "-", why, "-"};

    if (page != NULL && entry_rows(out, pid, page, row) > 0) {
        trouble_rows(out, page);
    } else {
        if (page != NULL)
            row.state = mode(page);
        write_row(out, &row);
    }
    free(number);
    free(program);
}

struct check_value *live_peers(pid_t pid, const struct state_page *page)
{
    struct check_value *list = check_array_new();

    for (size_t i = 0; i < STATE_PAGE_PEERS; i++) {
        const struct state_page_peer *peer = &page->peers[i];
        struct check_value *value;
        char since[RFC3339_SIZE];

        if (!is_live(pid, peer))
            continue;
        value = check_object_new();
        rfc3339_format(since, (int64_t)peer->since, 0);
        check_set_text(value, "role", peer->server == 1 ? "server" : "client");
        check_set_text(value, "endpoint", peer->endpoint);
        check_set_text(value, "peer", peer->peer);
        check_set_text(value, "name", peer->name);
        check_set_text(value, "since", since);
        check_add(list, value);
    }
    return list;
}

struct check_value *live_troubles(const struct state_page *page)
{
    struct check_value *list = check_array_new();

    for (size_t i = 0; i < STATE_PAGE_TROUBLES; i++) {
        const struct state_page_trouble *trouble = &page->troubles[i];
        struct check_value *value;
        char since[RFC3339_SIZE], last[RFC3339_SIZE];

        if (trouble->count == 0)
            continue;
        value = check_object_new();
        rfc3339_format(since, (int64_t)trouble->since, 0);
        rfc3339_format(last, (int64_t)trouble->last, 0);
        check_set_text(value, "role", trouble->server == 1 ? "server" : "client");
        check_set_text(value, "endpoint", trouble->endpoint);
        check_set_text(value, "address", trouble->address);
        check_set_text(value, "name", trouble->name);
        check_set_text(value, "reason", trouble->reason);
        check_set_number(value, "count", (int64_t)trouble->count);
        check_set_text(value, "since", since);
        check_set_text(value, "last", last);
        check_add(list, value);
    }
    return list;
}
