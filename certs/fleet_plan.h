#ifndef CURVESHIM_CERTS_FLEET_PLAN_H
#define CURVESHIM_CERTS_FLEET_PLAN_H

#include "certs/fleet_file.h"

/* Who connects to whom, at which binds. Pure. */

/* Finds the listener of every connect, and checks that it binds what the connect goes to. -1 with
 * *error, which names file and line. */
int fleet_plan(struct fleet *fleet, struct cert_error *error);

/* The bind endpoints of the listener that the client's connects go to, separated by spaces: what
 * the client's certificate may say under "endpoints". To be freed; NULL without memory, "" where it
 * does not connect there. */
char *fleet_endpoints(const struct fleet *fleet, size_t listener, size_t client);

#endif
