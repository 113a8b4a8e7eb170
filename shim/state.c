#include "shim/state.h"

#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/authorized.h"
#include "shim/connections.h"
#include "shim/dl_route.h"
#include "shim/hooks.h"
#include "shim/keys.h"
#include "shim/loaded.h"
#include "shim/locks.h"
#include "shim/log.h"
#include "shim/metrics.h"
#include "shim/next_function.h"
#include "shim/observer.h"
#include "shim/observer_clock.h"
#include "shim/observer_life.h"
#include "shim/overlap.h"
#include "shim/registry.h"
#include "shim/review.h"
#include "shim/state_page.h"
#include "shim/zmqlib.h"

static struct config config;
static bool prepared;

static void read_environment(void);
static pthread_once_t environment_read = PTHREAD_ONCE_INIT;

/* Constructors of the program's libraries run before this one's. */
const struct config *state_config(void)
{
    pthread_once(&environment_read, read_environment);
    return &config;
}

static bool concerns_us(char *const *environment)
{
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, "SECURE_ZMQ", strlen("SECURE_ZMQ")) == 0)
            return true;
    return false;
}

static void preload(void)
{
    struct cert_error ignored;

    if (config.mode != CONFIG_ON || config.error[0] != '\0')
        return;
    keys_preload(&config);
    if (access(config.server_cert, R_OK) == 0)
        (void)authorized_load(&config, &ignored);
}

static void in_child(void)
{
    registry_forked();
    observer_owns();
    state_page_forked();
    authorized_forked();
    lives_forked();
    observer_clock_forked();
    overlap_forked();
    metrics_forked();
    keys_forked();
    connections_forked();
    review_forked();
    log_forked();
}

int state_prepare(void)
{
    if (locks_guard_fork(in_child) != 0)
        return -1;
    observer_owns();
    state_page_open(&config);
    if (!__atomic_exchange_n(&prepared, true, __ATOMIC_RELAXED))
        preload();
    return 0;
}

static void read_environment(void)
{
    char directory[4096];
    struct config_system system;
    struct stat status;

    next_function_begin();
    loaded_resolve();
    dl_route_resolve();
    hooks_io_resolve();
    hooks_birth_resolve();
    hooks_name_resolve();
    hooks_secret_resolve();
    next_function_end();
    if (!concerns_us(environ))
        return;
    system.secure_execution = getauxval(AT_SECURE) != 0;
    system.directory = getcwd(directory, sizeof directory);
    /* A set-id program must not take the caller's directory for the system's. */
    system.certificates_here = !system.secure_execution && system.directory != NULL &&
                               stat("certificates", &status) == 0 && S_ISDIR(status.st_mode);
    config_parse(&config, environ, &system);
    log_start(&config);
    if (config.mode == CONFIG_ON)
        observer_start();
}

__attribute__((constructor)) static void start(void)
{
    (void)state_config();
    if (config.mode == CONFIG_ON && zmqlib_present() && locks_guard_fork(in_child) == 0) {
        prepared = true;
        preload();
    }
}
