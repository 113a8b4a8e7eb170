#ifndef CURVESHIM_SHIM_CURVE_OPTIONS_H
#define CURVESHIM_SHIM_CURVE_OPTIONS_H

#include "shim/config.h"
#include "shim/keys.h"
#include "shim/options.h"

/* The options that make the next bind or connect of a socket a CURVE one. 0, or -1 with libzmq's
 * errno; what was set is put back by options_restore in either case. */

/* Limits of the configuration, where the program left libzmq's defaults. */
int curve_options_limit(struct options *options, const struct config *config);

/* domain: of bindings_add; the program's own is noted there. */
int curve_options_server(struct options *options, const struct keypair *own, const char *domain);
int curve_options_client(struct options *options, const struct keypair *own,
                         const uint8_t server_key[KEY_BYTES]);

#endif
