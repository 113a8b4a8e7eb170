#include "shim/check_endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shim/check_error_name.h"

bool check_ipc_address(const char *path, struct sockaddr_un *address, socklen_t *size)
{
    size_t length = strlen(path);

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (length == 0 || length >= sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, path, length);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    else
        ++*size;
    return true;
}

int check_tcp_addresses(const char *text, struct addrinfo **list)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const char *colon = strrchr(text, ':');
    char *host;
    int error;

    *list = NULL;
    if (colon == NULL || colon == text || colon[1] == '\0')
        return EAI_NONAME;
    if (text[0] == '[' && colon[-1] == ']')
        host = check_format("%.*s", (int)(colon - text - 2), text + 1);
    else
        host = check_format("%.*s", (int)(colon - text), text);
    error = getaddrinfo(host, colon + 1, &hints, list);
    free(host);
    return error;
}

char *check_greeting_text(const struct probe *probe)
{
    const struct greeting *greeting = &probe->greeting;

    switch (greeting->kind) {
    case GREETING_ZMTP3:
        return check_format("%s", greeting->mechanism);
    case GREETING_ZMTP2:
    case GREETING_ZMTP1:
        return check_format("ZMTP %u.0, which knows no encryption", greeting->major);
    case GREETING_FOREIGN:
        return check_format("not ZMTP: it looks like %s", greeting->looks_like);
    case GREETING_NONE:
    case GREETING_PART:
        break;
    }
    return check_format("%s", greeting->kind == GREETING_PART ? "only the beginning of a greeting"
                                                              : "nothing");
}

void check_greeting_details(struct check_value *object, const struct probe *probe)
{
    const struct greeting *greeting = &probe->greeting;
    bool zmtp = greeting->kind == GREETING_ZMTP3;
    char *version = NULL;

    if (zmtp || greeting->kind == GREETING_ZMTP2 || greeting->kind == GREETING_ZMTP1)
        version = check_format("%u.%u", greeting->major, greeting->minor);
    check_set_text(object, "zmtp", version);
    check_set_text(object, "mechanism", zmtp ? greeting->mechanism : NULL);
    if (zmtp)
        check_set_bool(object, "as_server", greeting->as_server);
    check_set_text(object, "looks_like",
                   greeting->kind == GREETING_FOREIGN ? greeting->looks_like : NULL);
    free(version);
}

static void judge_mechanism(struct check_result *result, const struct greeting *greeting)
{
    if (strcmp(greeting->mechanism, "CURVE") == 0) {
        check_reason(result, CHECK_SECURED,
                     "it speaks CURVE (ZMTP %u.%u); whom it lets in, only its authenticator knows",
                     greeting->major, greeting->minor);
        return;
    }
    check_reason(result, CHECK_NOT_SECURED, "it speaks %s (ZMTP %u.%u)%s",
                 greeting->mechanism[0] != '\0' ? greeting->mechanism : "no mechanism",
                 greeting->major, greeting->minor,
                 strcmp(greeting->mechanism, "NULL") == 0    ? ": no authentication, no encryption"
                 : strcmp(greeting->mechanism, "PLAIN") == 0 ? ": passwords and messages in clear"
                                                             : ": not CURVE");
    check_remedy(result, CHECK_NOT_SECURED,
                 "start the program that binds it under curveshim (curveshim-run)");
}

static void judge(struct check_result *result, const struct probe *probe, int timeout)
{
    const struct greeting *greeting = &probe->greeting;
    char *text = check_greeting_text(probe);

    if (probe->end == PROBE_FAILED) {
        check_reason(result, CHECK_UNKNOWN, "%s",
                     probe->error == ECONNREFUSED ? "connection refused: nobody listens there"
                     : probe->error == ETIMEDOUT  ? "no connection within the timeout"
                                                  : strerror(probe->error));
    } else if (greeting->kind == GREETING_ZMTP3) {
        judge_mechanism(result, greeting);
    } else if (greeting->kind == GREETING_ZMTP2 || greeting->kind == GREETING_ZMTP1) {
        check_reason(result, CHECK_NOT_SECURED, "it speaks %s", text);
        check_remedy(result, CHECK_NOT_SECURED, "use libzmq 4.2.3 or newer, under curveshim");
    } else if (greeting->kind == GREETING_FOREIGN) {
        check_reason(result, CHECK_UNKNOWN, "%s", text);
    } else if (probe->end == PROBE_CLOSED) {
        check_reason(result, CHECK_UNKNOWN, "it hung up after it had said %s", text);
    } else {
        check_reason(result, CHECK_UNKNOWN, "it accepted and said %s within %d ms", text, timeout);
    }
    if (result->verdict == CHECK_UNKNOWN && probe->end != PROBE_FAILED)
        check_remedy(result, CHECK_UNKNOWN,
                     "make sure that a ZeroMQ socket is bound there; a busy one may need a longer "
                     "--timeout");
    free(text);
}

static void details(struct check_result *result, const struct probe *probe)
{
    check_set_text(result->details, "error",
                   probe->end == PROBE_FAILED ? check_error_name(probe->error) : NULL);
    check_greeting_details(result->details, probe);
}

static void check_tcp(struct check_result *result, const char *text, int timeout)
{
    struct addrinfo *list;
    struct probe probe = {0};
    int error;

    if (text[0] == '*') {
        check_reason(result, CHECK_UNKNOWN, "* is an address for binding: name a host");
        return;
    }
    error = check_tcp_addresses(text, &list);
    if (error != 0) {
        check_reason(result, CHECK_UNKNOWN, "%s",
                     strrchr(text, ':') == NULL ? "the port is missing" : gai_strerror(error));
        return;
    }
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        probe_start(&probe, at->ai_addr, at->ai_addrlen);
        probe_run(&probe, 1, timeout);
        if (probe.end != PROBE_FAILED)
            break;
    }
    freeaddrinfo(list);
    details(result, &probe);
    judge(result, &probe, timeout);
}

static void check_ipc(struct check_result *result, const char *path, int timeout)
{
    struct sockaddr_un address;
    struct probe probe;
    socklen_t size;

    if (!check_ipc_address(path, &address, &size)) {
        check_reason(result, CHECK_UNKNOWN, "the path is empty or longer than %zu bytes",
                     sizeof address.sun_path - 1);
        return;
    }
    probe_start(&probe, (const struct sockaddr *)&address, size);
    probe_run(&probe, 1, timeout);
    details(result, &probe);
    judge(result, &probe, timeout);
}

void check_endpoint(struct check_result *result, const char *endpoint, int timeout)
{
    result->kind = "endpoint";
    if (strncmp(endpoint, "tcp://", 6) == 0)
        check_tcp(result, endpoint + 6, timeout);
    else if (strncmp(endpoint, "ipc://", 6) == 0)
        check_ipc(result, endpoint + 6, timeout);
    else
        check_reason(result, CHECK_UNKNOWN, "only tcp:// and ipc:// endpoints can be asked");
}
