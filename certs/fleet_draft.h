#ifndef CURVESHIM_CERTS_FLEET_DRAFT_H
#define CURVESHIM_CERTS_FLEET_DRAFT_H

#include <stdio.h>

#include "certs/fleet_map.h"

/* The fleet file that a map amounts to. Pure.
 *
 * What can't be a line of it becomes a comment at its place, with the reason: nothing is left out.
 * Text from the logs is escaped, so that no line can be forged. */

struct fleet_draft {
    size_t agents, connects; /* that count in the file */
    size_t unmatched;        /* connects without a bind, marked UNMATCHED */
    size_t doubtful;         /* lines to look at, marked CHECK */
};

/* Writes the text to stream, after fleet_names. -1 without memory. */
int fleet_draft_write(struct fleet_draft *draft, struct fleet_map *map, FILE *stream,
                      struct cert_error *error);

#endif
