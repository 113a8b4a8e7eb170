#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/check_endpoint.h"
#include "shim/check_proc.h"

#define CONNECTIONS_MAX 256

/* An entry may have been cut. */
static bool same(const char *text, const char *entry)
{
    return entry[0] != '\0' && strncmp(text, entry, STATE_PAGE_ENDPOINT - 1) == 0;
}

static bool same_port(const char *text, const char *entry)
{
    const char *one = strrchr(text, ':'), *other = strrchr(entry, ':');

    return strncmp(entry, "tcp://", 6) == 0 && one != NULL && other != NULL &&
           strcmp(one, other) == 0;
}

/* Names of hosts are not resolved: their port has to do. */
static bool same_peer(const char *text, const char *entry)
{
    const char *host = strrchr(entry, ';') != NULL ? strrchr(entry, ';') + 1 : entry + 6;
    size_t numeric;

    if (strncmp(entry, "tcp://", 6) != 0)
        return false;
    if (strcmp(text + 6, host) == 0)
        return true;
    numeric = strspn(host, "0123456789.");
    return host[0] != '[' && host[numeric] != ':' && same_port(text, entry);
}

static bool belongs(const struct proc_socket *socket, const struct state_page_entry *entry,
                    const char *local, const char *remote)
{
    if (entry->kind == 0 || entry->kind == STATE_REFUSED)
        return false;
    if (socket->listening)
        return entry->server == 1 && (same(local, entry->resolved) || same(local, entry->endpoint));
    return entry->server == 1 ? same_port(local, entry->resolved)
                              : same_peer(remote, entry->endpoint);
}

const struct state_page_entry *proc_socket_entry(const struct proc_socket *socket,
                                                 const struct state_page *page)
{
    const struct state_page_entry *found = NULL;
    char *local, *remote;

    if (page == NULL)
        return NULL;
    local = proc_socket_text(socket, false);
    remote = socket->family == AF_UNIX ? check_format("%s", "") : proc_socket_text(socket, true);
    for (size_t i = 0; i < STATE_PAGE_ENTRIES && found == NULL; i++)
        if (belongs(socket, &page->entries[i], local, remote))
            found = &page->entries[i];
    free(local);
    free(remote);
    return found;
}

static bool shares_network(pid_t pid)
{
    char *its = proc_link(pid, "ns/net"), *ours = proc_link(getpid(), "ns/net");
    bool same_one = its != NULL && ours != NULL && strcmp(its, ours) == 0;

    free(its);
    free(ours);
    return same_one;
}

/* A path counts in the process's own file system, and may be too long for us: through a
 * descriptor it is neither. */
static void start_path(struct probe *probe, pid_t pid, const char *path)
{
    char *full = check_format("/proc/%d/%s%s%s", (int)pid, path[0] == '/' ? "root" : "cwd",
                              path[0] == '/' ? "" : "/", path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = open(full, O_PATH | O_CLOEXEC);

    free(full);
    if (file < 0) {
        memset(probe, 0, sizeof *probe);
        probe->descriptor = -1;
        probe->end = PROBE_FAILED;
        probe->error = errno;
        return;
    }
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
    probe_start(probe, (const struct sockaddr *)&address, sizeof address);
    close(file);
}

static void start(struct probe *probe, pid_t pid, const struct proc_socket *socket)
{
    struct sockaddr_in6 address = socket->local;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = socket->local.sin6_port};
    struct sockaddr_un name;
    socklen_t size;

    if (socket->family == AF_INET) {
        memcpy(&v4.sin_addr, &address.sin6_addr.s6_addr[12], 4);
        probe_start(probe, (const struct sockaddr *)&v4, sizeof v4);
    } else if (socket->family == AF_INET6) {
        probe_start(probe, (const struct sockaddr *)&address, sizeof address);
    } else if (socket->path[0] == '@' && check_ipc_address(socket->path, &name, &size)) {
        probe_start(probe, (const struct sockaddr *)&name, size);
    } else {
        start_path(probe, pid, socket->path);
    }
}

static void judge(struct check_result *result, const char *where, const struct probe *probe,
                  bool watched)
{
    const struct greeting *greeting = &probe->greeting;
    char *text = check_greeting_text(probe);

    if (greeting->kind == GREETING_ZMTP3 && strcmp(greeting->mechanism, "CURVE") == 0)
        check_reason(result, CHECK_SECURED, "%s speaks CURVE%s", where,
                     watched ? "" : ", which the program set up itself");
    else if (greeting->kind == GREETING_ZMTP3 || greeting->kind == GREETING_ZMTP2 ||
             (greeting->kind == GREETING_ZMTP1 && !watched))
        check_reason(result, CHECK_NOT_SECURED, "%s is open and speaks %s", where, text);
    else if (greeting->kind == GREETING_PART && watched) {
        check_reason(result, CHECK_BLOCKED,
                     "%s begins a greeting that is not CURVE, and is blocked on the wire", where);
        check_remedy(result, CHECK_BLOCKED,
                     "let the program use a shared libzmq with CURVE; the log of the process "
                     "(event 'blocked') names what spoke");
    }
    free(text);
}

/* In the order of check_greeting_details, after "endpoint" and "state". */
static struct check_value *listener(const char *where, const struct state_page_entry *entry,
                                    const struct probe *probe)
{
    struct check_value *value = check_object_new();
    const struct greeting *greeting = probe != NULL ? &probe->greeting : NULL;

    check_set_text(value, "endpoint", where);
    if (entry != NULL) {
        check_set_text(value, "state", page_state(entry));
        return value;
    }
    if (greeting == NULL || probe->end == PROBE_FAILED)
        check_set_text(value, "state", "not asked");
    else if (greeting->kind == GREETING_NONE || greeting->kind == GREETING_FOREIGN)
        check_set_text(value, "state", "not ZMTP");
    else
        check_set_text(value, "state", greeting->kind == GREETING_PART ? "cut off" : "asked");
    if (greeting != NULL)
        check_greeting_details(value, probe);
    return value;
}

/* Their mechanism can't be seen from outside; what was secured is known by its endpoint. */
static struct check_value *connections(const struct proc_sockets *sockets,
                                       const struct state_page *page)
{
    struct check_value *list = check_array_new();

    for (size_t i = 0; i < sockets->count && check_count(list) < CONNECTIONS_MAX; i++) {
        const struct proc_socket *socket = &sockets->list[i];
        const struct state_page_entry *entry;
        struct check_value *value;
        char *local, *remote;

        if (socket->listening)
            continue;
        entry = proc_socket_entry(socket, page);
        value = check_object_new();
        local = proc_socket_text(socket, false);
        remote = proc_socket_text(socket, true);
        check_set_text(value, "local", local);
        check_set_text(value, "remote", remote);
        check_set_text(value, "state", entry != NULL ? page_state(entry) : "unknown");
        check_add(list, value);
        free(local);
        free(remote);
    }
    return list;
}

void check_listeners(struct check_result *result, pid_t pid, const struct proc_sockets *sockets,
                     const struct state_page *page, bool watched, int timeout)
{
    struct probe *probes = check_allocate(sockets->count * sizeof *probes);
    struct check_value *list = check_array_new();
    bool here = shares_network(pid);
    size_t unasked = 0, next = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        const struct proc_socket *socket = &sockets->list[i];
        bool local = socket->family == AF_UNIX && socket->path[0] != '@';

        if (socket->listening && proc_socket_entry(socket, page) == NULL && (here || local))
            start(&probes[next++], pid, socket);
    }
    probe_run(probes, next, timeout);
    next = 0;
    for (size_t i = 0; i < sockets->count; i++) {
        const struct proc_socket *socket = &sockets->list[i];
        const struct state_page_entry *entry = proc_socket_entry(socket, page);
        const struct probe *probe = NULL;
        char *where;

        if (!socket->listening)
            continue;
        where = proc_socket_text(socket, false);
        if (entry == NULL && (here || (socket->family == AF_UNIX && socket->path[0] != '@'))) {
            probe = &probes[next++];
            judge(result, where, probe, watched);
        } else if (entry == NULL) {
            unasked++;
        }
        check_add(list, listener(where, entry, probe));
        free(where);
    }
    check_set(result->details, "listeners", list);
    check_set(result->details, "connections", connections(sockets, page));
    if (unasked != 0) {
        check_reason(result, CHECK_UNKNOWN,
                     "listeners that are in another network namespace, and were not asked: %zu",
                     unasked);
        check_remedy(result, CHECK_UNKNOWN,
                     "run it there: nsenter --net --target %d curveshim-check %d", (int)pid,
                     (int)pid);
    }
    free(probes);
}
