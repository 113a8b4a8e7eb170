#include "shim/observer_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim/loaded.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/metrics_writer.h"
#include "shim/state.h"
#include "shim/state_page.h"
#include "shim/wire_peer.h"

static void name_owner(char name[512], const void *address)
{
    struct elf_object object;

    if (!loaded_at(&object, address))
        strcpy(name, "code of its own");
    else
        snprintf(name, 512, "%s", object.name[0] != '\0' ? object.name : program_invocation_name);
}

static void name_peer(char peer[WIRE_PEER_TEXT], char endpoint[WIRE_PEER_TEXT], int fd,
                      bool connecting)
{
    if (!wire_peer_remote(peer, fd) && !connecting)
        wire_peer_local(peer, fd);
    if (connecting)
        strcpy(endpoint, peer);
    else
        wire_peer_local(endpoint, fd);
}

/* Repeats are counted by who it is, not by the port that a client happens to have. */
static void without_port(char key[WIRE_PEER_TEXT], const char *peer, bool connecting)
{
    char *colon;

    strcpy(key, peer);
    colon = connecting ? NULL : strrchr(key, ':');
    if (colon != NULL && strncmp(key, "tcp://", 6) == 0)
        *colon = '\0';
}

void observer_report_blocked(int fd, bool connecting, const char *spoken, const void *caller)
{
    char peer[WIRE_PEER_TEXT], endpoint[WIRE_PEER_TEXT], key[WIRE_PEER_TEXT], message[1200];
    char owner[512];
    int saved = errno;
    struct event event;

    state_page_count(STATE_BLOCKED);
    metrics_count(METRIC_BLOCKED, spoken);
    name_peer(peer, endpoint, fd, connecting);
    name_owner(owner, caller);
    snprintf(
        message, sizeof message,
        "stopped %s to %s: %s speaks ZeroMQ where curveshim cannot secure it (a copy of libzmq "
        "that is linked in statically, or another ZeroMQ stack). Let it use a shared libzmq "
        "with CURVE, or exempt the endpoint with SECURE_ZMQ_PLAINTEXT",
        spoken, peer[0] != '\0' ? peer : "its peer", owner);
    event_init(&event, EVENT_ERROR, "blocked", message);
    event_text(&event, "reason", spoken);
    event_text(&event, "object", owner);
    event_text(&event, "role", connecting ? "client" : "server");
    event_text(&event, "peer", peer);
    event_text(&event, "endpoint", endpoint);
    without_port(key, peer, connecting);
    log_repeatable(&event, key, spoken);
    metrics_writer_ensure(state_config());
    errno = saved;
}
