#include "certs/fleet_event.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BEGINNING "{\"time\":\""

static const char *get(const struct json_object *object, const char *name)
{
    const char *text = json_get(object, name);

    return text != NULL ? text : "";
}

static bool is(const struct json_object *object, const char *name, const char *value)
{
    return strcmp(get(object, name), value) == 0;
}

static void take_service(struct fleet_event *event, const char *name, size_t length)
{
    if (length >= sizeof event->service)
        return;
    memcpy(event->service, name, length);
    event->service[length] = '\0';
}

/* "brain-1  | " is the first container of the service brain. */
static void read_beginning(struct fleet_event *event, const char *line)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t name = strspn(line, letters), number = name;

    if (name == 0 || line[name] != ' ' || line[name + strspn(line + name, " ")] != '|')
        return;
    while (number > 0 && line[number - 1] >= '0' && line[number - 1] <= '9')
        number--;
    if (number > 1 && number < name && (line[number - 1] == '-' || line[number - 1] == '_'))
        name = number - 1;
    take_service(event, line, name);
}

/* "brain-6d4cf56db6-x7k2p" is a pod of brain. */
static void read_host(struct fleet_event *event)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    const char *host = event->host, *last = strrchr(host, '-'), *middle = last;

    if (last == NULL || last == host || strlen(last) != 6 || strspn(last + 1, letters) != 5)
        return;
    do
        middle--;
    while (middle > host && *middle != '-');
    if (middle > host && last - middle >= 6 && last - middle <= 11)
        take_service(event, host, (size_t)(middle - host));
}

static bool take_call(struct fleet_event *event, const struct json_object *object)
{
    if (is(object, "call", "zmq_bind"))
        event->call = FLEET_BIND;
    else if (is(object, "call", "zmq_connect") || is(object, "call", "zmq_connect_peer"))
        event->call = FLEET_CONNECT;
    else
        return false;
    return true;
}

static enum fleet_sort sort(const struct json_object *object)
{
    bool refused = is(object, "event", "refused") || is(object, "audit", "refuse");
    bool plaintext = is(object, "event", "plaintext") || is(object, "audit", "plaintext");

    if (get(object, "failed")[0] != '\0')
        return FLEET_FAILED;
    if (refused)
        return is(object, "error", "EACCES") ? FLEET_WANTED : FLEET_BEYOND;
    if (plaintext || is(object, "audit", "secure") || get(object, "role")[0] != '\0')
        return FLEET_WANTED;
    return FLEET_BY_HAND;
}

static bool is_ours(const struct json_object *object)
{
    static const char *const names[] = {"bind", "connect", "plaintext", "refused"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(object, "event", names[i]))
            return get(object, "endpoint")[0] != '\0' && get(object, "program")[0] != '\0' &&
                   strncmp(get(object, "endpoint"), "inproc://", 9) != 0;
    return false;
}

static bool is_text(const char *line)
{
    return strstr(line, " bind: audit, nothing was changed") != NULL ||
           strstr(line, " connect: audit, nothing was changed") != NULL;
}

enum fleet_line fleet_event_read(struct fleet_event *event, struct json_object *object, char *line,
                                 size_t length)
{
    char *start;

    line[length] = '\0';
    start = strstr(line, BEGINNING);
    if (start == NULL)
        return is_text(line) ? FLEET_LINE_TEXT : FLEET_LINE_OTHER;
    if (json_read(object, start, length - (size_t)(start - line)) != NULL)
        return FLEET_LINE_BROKEN;
    if (!is_ours(object) || !take_call(event, object))
        return FLEET_LINE_OTHER;
    event->sort = sort(object);
    event->pid = strtol(get(object, "pid"), NULL, 10);
    event->endpoint = get(object, "endpoint");
    event->resolved = get(object, "resolved");
    event->addresses = get(object, "addresses");
    event->reason = get(object, "failed");
    event->program = get(object, "program");
    event->script = get(object, "script");
    event->unit = get(object, "unit");
    event->host = get(object, "host");
    event->service[0] = '\0';
    read_host(event);
    read_beginning(event, line);
    return FLEET_LINE_EVENT;
}
