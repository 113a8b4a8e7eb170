#ifndef CURVESHIM_CERTS_FLEET_MAP_H
#define CURVESHIM_CERTS_FLEET_MAP_H

#include <stdbool.h>

#include "certs/error.h"
#include "certs/fleet_event.h"

/* What logs show of a fleet: agents, and what each binds and connects to. Pure. */

/* More than any fleet has: logs may be hostile. */
#define FLEET_MAP_AGENTS 4096
#define FLEET_MAP_CALLS 4096 /* of one agent */

#define FLEET_NAME_MAX 64

/* How sure it is which bind a connect goes to. */
enum fleet_sight {
    FLEET_UNSEEN,    /* no bind for it, or not just one agent's */
    FLEET_PORT_ONLY, /* its port or path alone tells */
    FLEET_SEEN,
};

struct fleet_seen_call {
    enum fleet_call call;
    enum fleet_sort sort;
    long pid; /* of the first process that was seen to make it */
    char *endpoint, *resolved, *addresses, *reason; /* as in struct fleet_event */
    /* Of connects, from fleet_match: */
    enum fleet_sight sight;
    size_t agent, bind; /* where it goes; with FLEET_UNSEEN of others: one that may be meant */
    size_t others;      /* FLEET_UNSEEN: how many agents may be meant */
    char *word;         /* the endpoint as it is written down; from fleet_draft_write */
};

struct fleet_seen_agent {
    char *source; /* path of the log, without the number that a rotation gave it */
    char *service, *host, *program, *script, *unit;
    bool alone;       /* nobody else is in its log, and there are others; from fleet_map_finish */
    bool one_of_logs; /* there is more than one log; likewise */
    bool made_up_host;
    char called[FLEET_NAME_MAX]; /* fleet_name; from fleet_map_finish */
    char *name;                  /* from fleet_names */
    size_t pid_count, call_count;
    long *pids;
    struct fleet_seen_call *calls;
};

struct fleet_map {
    size_t count;
    struct fleet_seen_agent *agents; /* all that is in them is owned */
};

/* -1 with *error when it is too much, or without memory. */
int fleet_map_add(struct fleet_map *map, const char *source, const struct fleet_event *event,
                  struct cert_error *error);

/* When all is added. One agent that was started anew in a container is made one again: containers
 * get a new name each time. */
void fleet_map_finish(struct fleet_map *map);

void fleet_map_free(struct fleet_map *map);

/* Finds the bind of each connect. After fleet_map_finish. */
void fleet_match(struct fleet_map *map);

/* Gives each agent a name of its own that a fleet file takes. After fleet_match: an agent may be
 * known by what the others call it. -1 without memory. */
int fleet_names(struct fleet_map *map, struct cert_error *error);

/* What an agent would be called if there were no others, from its own lines; "" if they don't tell.
 */
void fleet_name(char name[FLEET_NAME_MAX], const struct fleet_seen_agent *agent);

#endif
