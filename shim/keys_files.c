#include "shim/keys_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "shim/log.h"

bool keys_out_of_reach(const struct cert_error *error)
{
    return error->code != EINVAL && error->code != EPERM;
}

static bool in_directory(const struct config *config, const char *path)
{
    size_t length = strlen(config->certs);

    return strncmp(path, config->certs, length) == 0 && path[length] == '/';
}

int keys_check_directory(struct keys_look *look, const char *path, struct cert_error *error)
{
    const struct config *config = look->config;

    if (look->directory_is_good || !in_directory(config, path))
        return 0;
    if (certificate_directory_check(config->certs, config->certs_found_here, error) != 0)
        return -1;
    look->directory_is_good = true;
    return 0;
}

bool keys_file_is_same(const struct file_stamp *stamp, struct keys_look *look, const char *path)
{
    struct cert_error ignored;

    return stamp->usable && keys_check_directory(look, path, &ignored) == 0 &&
           file_stamp_holds(stamp, path);
}

static void explain_missing(const struct config *config, const char *path, struct cert_error *error)
{
    if (error->code != ENOENT)
        return;
    if (config->certs_default && !config->certs_found_here)
        cert_fail(error, ENOENT,
                  "there is no certificate %s, and no directory 'certificates' was in the working "
                  "directory at the start: create one with 'curveshim-cert init certificates', or "
                  "set SECURE_ZMQ_CERTS to the directory that has them",
                  path);
    else if (in_directory(config, path))
        cert_fail(error, ENOENT,
                  "there is no certificate %s: create it with 'curveshim-cert init %s', or set "
                  "SECURE_ZMQ_CERTS to the directory that has it",
                  path, config->certs);
    else
        cert_fail(error, ENOENT, "there is no certificate %s: check the variable that names it",
                  path);
}

static void warn(const struct cert_error *warning, const char *path)
{
    struct event event;

    event_init(&event, EVENT_WARNING, "config", warning->text);
    event_text(&event, "reason", "permissions");
    log_repeatable(&event, path, "permissions");
}

int keys_read_file(struct certificate *certificate, struct keys_look *look, const char *path,
                   unsigned need, struct cert_error *error)
{
    int result = keys_check_directory(look, path, error);

    certificate->pool_used = 0; /* there is nothing to be wiped, should it not come to reading */
    if (look->config->permissions_warn)
        need |= CERT_PERMISSIONS_WARN;
    if (result == 0)
        result = certificate_read(certificate, AT_FDCWD, path, path, need, error);
    if (result == 1)
        warn(error, path);
    if (result < 0)
        explain_missing(look->config, path, error);
    return result < 0 ? -1 : 0;
}
