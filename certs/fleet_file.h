#ifndef CURVESHIM_CERTS_FLEET_FILE_H
#define CURVESHIM_CERTS_FLEET_FILE_H

#include <stddef.h>

#include "certs/error.h"
#include "certs/metadata.h"
#include "certs/write.h"

/* The text that says which agents there are, what each binds and what it connects to:
 *
 *   [brain]
 *   bind tcp://0.0.0.0:5555
 *
 *   [ear]
 *   connect tcp://brain:5555               # the host is the agent's name
 *   connect brain tcp://10.0.0.5:5555      # or the agent is named
 *   connect brain tcp://nat:80 tcp://0.0.0.0:5555    # and the bind, where the ports differ
 *   owner 1000:1000
 *   expires 2030-01-01T00:00:00Z
 *
 * One line each, the same word order for all; '#' at the start of a word starts a comment. Pure. */

#define FLEET_FILE_MAX (1024 * 1024)

struct fleet_bind {
    const char *endpoint; /* as the agent passes it to zmq_bind */
    unsigned line;
};

struct fleet_connect {
    const char *endpoint; /* as the agent passes it to zmq_connect, or a glob */
    const char *agent;    /* NULL: the endpoint tells */
    const char *bind;     /* NULL: the endpoint tells */
    unsigned line;
    size_t listener; /* the agent it goes to; from fleet_plan */
};

struct fleet_agent {
    const char *name;
    unsigned line;
    struct owner owner;
    struct metadata metadata; /* for its authorised certificates */
    size_t bind_count, connect_count;
    struct fleet_bind *binds; /* owned, as all arrays here */
    struct fleet_connect *connects;
};

struct fleet {
    const char *file; /* for error texts; borrowed */
    char *text;       /* what all strings point into */
    size_t count;
    struct fleet_agent *agents;
};

/* Agents with this name can't be: DIR holds other things under it. */
#define FLEET_REMOVED "removed"
int fleet_check_name(const char *name, struct cert_error *error);

/* Reads length bytes. -1 with *error, which names file and line. Pass fleet to fleet_free either
 * way. */
int fleet_parse(struct fleet *fleet, const char *text, size_t length, const char *file,
                struct cert_error *error);
void fleet_free(struct fleet *fleet);

/* The agent of that name, or NULL. */
const struct fleet_agent *fleet_find(const struct fleet *fleet, const char *name);

#endif
