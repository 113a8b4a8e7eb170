#ifndef CURVESHIM_CERTS_CERTIFICATE_H
#define CURVESHIM_CERTS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs/error.h"
#include "certs/file_stamp.h"
#include "certs/z85.h"

/* CURVE certificates as czmq (zcert) and pyzmq (zmq.auth) keep them: ZPL files with the sections
 * "metadata" and "curve". Needs libc only; used by the shim and by curveshim-cert. Thread-safe. */

#define CERT_FILE_MAX 65536
#define CERT_METADATA_MAX 64
#define CERT_POOL 16384

struct certificate {
    bool has_public;
    bool has_secret;
    uint8_t public_key[KEY_BYTES];
    uint8_t secret_key[KEY_BYTES];
    struct file_stamp stamp; /* of the file that it was read from; see certificate_read */
    unsigned metadata_count;
    struct {
        const char *name; /* points into pool */
        const char *value;
        unsigned line;
    } metadata[CERT_METADATA_MAX];
    size_t pool_used;
    char pool[CERT_POOL];
};

enum certificate_need {
    CERT_NEED_PUBLIC = 1,      /* refuse a file without public-key */
    CERT_NEED_SECRET = 2,      /* refuse a file without secret-key, and check who can read it */
    CERT_PERMISSIONS_WARN = 4, /* report loose permissions in *error with return value 1 */
};

/* Parses length bytes. file is for error texts. 0, or -1 with *error (code EINVAL, text with file
 * and line). The certificate holds secrets: pass it to certificate_wipe. */
int certificate_parse(struct certificate *certificate, const char *text, size_t length,
                      const char *file, struct cert_error *error);

/* Reads and parses a file: name is relative to the directory descriptor dirfd (AT_FDCWD allowed),
 * file is the path for error texts. Refuses what is not a regular file, is larger than
 * CERT_FILE_MAX, lacks what need asks for, or (CERT_NEED_SECRET) can be read by others: group
 * members are accepted when root owns the file.
 *
 * With CERT_NEED_SECRET, a file without a secret key is followed to NAME_secret beside it, which is
 * how czmq names the secret half.
 *
 * Its stamp is usable where as long as it holds reading the file again would give the same: not
 * after a warning, nor where a second file or the mount had a say.
 *
 * 0; 1 for a warning in *error (CERT_PERMISSIONS_WARN); -1 with *error: code is errno where the
 * file could not be opened or read, EPERM for permissions, EINVAL for contents. */
int certificate_read(struct certificate *certificate, int dirfd, const char *name, const char *file,
                     unsigned need, struct cert_error *error);

/* The value of a metadata name, or NULL. Owned by the certificate. */
const char *certificate_metadata(const struct certificate *certificate, const char *name);

void certificate_wipe(struct certificate *certificate);

/* Refuses (-1, EPERM, remedy in the text) a directory that others can write, unless it lies on a
 * read-only mount; with must_be_ours also one owned by neither root nor the process's user. A
 * missing directory or another kind of file is refused too (code ENOENT, ENOTDIR …). */
int certificate_directory_check(const char *path, bool must_be_ours, struct cert_error *error);

#endif
