#ifndef CURVESHIM_SHIM_KEYS_H
#define CURVESHIM_SHIM_KEYS_H

#include <stdint.h>

#include "certs/certificate.h"
#include "shim/config.h"
#include "shim/zmqlib.h"

/* The keys of this process: looked at again at each bind and connect, and read again unless their
 * files are the same (certs/file_stamp.h); kept where the files can't be read any more (after
 * chroot, or after privileges were dropped). Thread-safe. */

/* One bind or connect, or whatever else files are looked at for: the certificate directory is
 * checked once in it. */
struct keys_look {
    const struct config *config;
    bool directory_is_good;
};

enum keys_role { KEYS_SERVER, KEYS_CLIENT };

struct keypair {
    uint8_t public_key[KEY_BYTES];
    uint8_t secret_key[KEY_BYTES]; /* wipe it */
    char public_text[KEY_Z85 + 1];
};

/* The own key pair for a role, checked: the certificate directory, the file, and that both keys
 * belong together (by the library's zmq_curve_public). 0, or -1 with *error. */
int keys_own(struct keypair *pair, enum keys_role role, struct keys_look *look,
             const struct zmqlib *lib, struct cert_error *error);

/* The other pair of a server, while 'curveshim-cert rotate' is under way. */
enum keys_second { KEYS_SECOND_NONE, KEYS_SECOND_NEXT, KEYS_SECOND_SUPERSEDED };

/* 0 and *which, with *pair checked like own unless there is none; or -1 with *error. */
int keys_second(struct keypair *pair, enum keys_second *which, const struct keypair *own,
                const struct config *config, const struct zmqlib *lib, struct cert_error *error);

/* Whether the server's older key is superseded by now: clients that still know it have to be given
 * the newer one. */
bool keys_server_is_superseded(const struct config *config);
/* The same seen by a client: whether its certificate directory shows the server's key in rotation.
 */
bool keys_server_is_rotated(const struct config *config);

#define KEYS_SOURCE 600

/* The public key of the server at an endpoint that the program connects to, and where it came
 * from ("file" or "file:line"). 0, or -1 with *error: also when known_servers is in force and does
 * not list the endpoint. */
int keys_server(uint8_t key[KEY_BYTES], char source[KEYS_SOURCE], const char *endpoint,
                struct keys_look *look, struct cert_error *error);

/* Loads what can be loaded, in silence, for a program that will lose sight of the files. */
void keys_preload(const struct config *config);
/* In a forked child: everything is read again. */
void keys_forked(void);

#endif
