#ifndef CURVESHIM_CERTS_FLEET_RUN_H
#define CURVESHIM_CERTS_FLEET_RUN_H

#include "certs/fleet_file.h"
#include "certs/store.h"

/* Makes a directory of certificate directories, DIR/NAME for each agent, what a plan says. */

struct fleet_run {
    const struct fleet *fleet; /* planned */
    struct store root;         /* DIR, locked */
    struct owner owner;        /* for agents without one of their own */
    unsigned changes;
};

/* Says what it changes. 0, or -1 after complaints: agents without a fault are complete then too. */
int fleet_apply(const struct fleet *fleet, const char *directory, const struct owner *owner);

/* The parts. Each says what it changes and counts it. */

/* DIR/NAME, to be changed. Pass store to store_close either way. */
int fleet_open(const struct fleet_run *run, const struct fleet_agent *agent, struct store *store,
               struct cert_error *error);

/* Moves agents that are back out of DIR/removed/, then those that are gone into it. */
int fleet_restore_members(struct fleet_run *run, struct cert_error *error);
int fleet_remove_members(struct fleet_run *run, struct cert_error *error);

/* DIR/NAME and the pairs that the agent needs. Pairs that are there, or the public half alone, are
 * kept. */
int fleet_make_pairs(struct fleet_run *run, const struct fleet_agent *agent,
                     struct cert_error *error);

/* authorized_clients/ of an agent that binds: those that connect to it, and nobody else. */
int fleet_authorize(struct fleet_run *run, size_t listener, struct cert_error *error);

/* known_servers of an agent that connects. */
int fleet_write_known_servers(struct fleet_run *run, const struct fleet_agent *agent,
                              struct cert_error *error);

/* Reads DIR/NAME/file, a public certificate. The code of *error is ENOENT if it isn't there. */
int fleet_read_public(const struct fleet_run *run, const struct fleet_agent *agent,
                      const char *file, struct certificate *certificate, struct cert_error *error);

#endif
