#ifndef CURVESHIM_SHIM_KEYS_FILES_H
#define CURVESHIM_SHIM_KEYS_FILES_H

#include <stdbool.h>

#include "certs/certificate.h"
#include "shim/keys.h"

/* How the files of keys.c, keys_second.c and keys_server.c are read. */

/* Reads a certificate, with the check of the certificate directory if it lies in it. Loose
 * permissions that the configuration accepts are logged. 0, or -1 with *error, whose text for a
 * missing file says how to create it. need: enum certificate_need. */
int keys_read_file(struct certificate *certificate, struct keys_look *look, const char *path,
                   unsigned need, struct cert_error *error);

/* The check of the certificate directory, for a path that lies in it. 0, or -1 with *error. */
int keys_check_directory(struct keys_look *look, const char *path, struct cert_error *error);

/* Whether reading that file again would give what it gave when the stamp was taken: with the same
 * check of the certificate directory. */
bool keys_file_is_same(const struct file_stamp *stamp, struct keys_look *look, const char *path);

/* Bad contents and bad permissions are refusals; anything else means that the file is out of
 * reach, where what was loaded stays in force. */
bool keys_out_of_reach(const struct cert_error *error);

/* Reads a pair, and passes its certificate to show, unless that is NULL; and checks, by libzmq,
 * that its two keys belong together. stamp may be NULL. 0, or -1 with *error. */
int keys_read_pair(struct keypair *pair, struct file_stamp *stamp, const char *path,
                   struct keys_look *look, void (*show)(const struct certificate *certificate),
                   struct cert_error *error);
int keys_verify(const struct keypair *pair, const char *path, const struct zmqlib *lib,
                struct cert_error *error);

/* keys_preload's and keys_forked's shares of the other files. */
void keys_forked_servers(void);
void keys_preload_second(const struct config *config);
void keys_preload_servers(const struct config *config);

#endif
