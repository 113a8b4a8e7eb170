#ifndef CURVESHIM_CERTS_METADATA_H
#define CURVESHIM_CERTS_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/certificate.h"
#include "certs/error.h"

/* Which metadata curveshim-cert writes: what ZPL can hold, czmq and pyzmq can read and the shim
 * understands. Pure. */

struct metadata {
    unsigned count;
    struct {
        const char *name; /* borrowed */
        const char *value;
    } entries[CERT_METADATA_MAX];
};

/* Sets name to value, replacing an earlier one. -1 with *error if the value can't be written, or
 * not be understood where the shim reads that name. */
int metadata_set(struct metadata *metadata, const char *name, const char *value,
                 struct cert_error *error);

/* All of a certificate's metadata, which is borrowed. file is for error texts. */
int metadata_take(struct metadata *metadata, const struct certificate *certificate,
                  const char *file, struct cert_error *error);

/* "K=V" from a command line. The argument is cut in two in place. */
int metadata_set_argument(struct metadata *metadata, char *argument, struct cert_error *error);

const char *metadata_get(const struct metadata *metadata, const char *name);

/* What was probably meant by a name that the shim doesn't read, or NULL. */
const char *metadata_misnamed(const char *name);

/* Whether there is any moment from now on at which a certificate with this metadata is valid. */
int metadata_check_validity(const struct metadata *metadata, int64_t now, struct cert_error *error);

#endif
