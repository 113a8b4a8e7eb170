#include "shim/config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shim/nearest.h"

#define PREFIX "SECURE_ZMQ"

enum variable {
    V_CERTS,
    V_SERVER_CERT,
    V_CLIENT_CERT,
    V_SERVER_KEY,
    V_KNOWN_SERVERS,
    V_AUTHORIZED,
    V_ALLOW,
    V_DENY,
    V_PLAINTEXT,
    V_LOG,
    V_LOG_LEVEL,
    V_LOG_FORMAT,
    V_METRICS,
    V_HANDSHAKE_TIMEOUT,
    V_MAX_MESSAGE_SIZE,
    V_IO_THREADS,
    V_PERMISSIONS,
    V_COUNT,
};

static const char *const names[V_COUNT] = {
    "SECURE_ZMQ_CERTS",
    "SECURE_ZMQ_SERVER_CERT",
    "SECURE_ZMQ_CLIENT_CERT",
    "SECURE_ZMQ_SERVER_KEY",
    "SECURE_ZMQ_KNOWN_SERVERS",
    "SECURE_ZMQ_AUTHORIZED",
    "SECURE_ZMQ_ALLOW",
    "SECURE_ZMQ_DENY",
    "SECURE_ZMQ_PLAINTEXT",
    "SECURE_ZMQ_LOG",
    "SECURE_ZMQ_LOG_LEVEL",
    "SECURE_ZMQ_LOG_FORMAT",
    "SECURE_ZMQ_METRICS",
    "SECURE_ZMQ_HANDSHAKE_TIMEOUT",
    "SECURE_ZMQ_MAX_MESSAGE_SIZE",
    "SECURE_ZMQ_IO_THREADS",
    "SECURE_ZMQ_PERMISSIONS",
};

struct values {
    const char *main; /* SECURE_ZMQ */
    const char *of[V_COUNT];
    const char *unknown; /* NAME=VALUE */
};

__attribute__((format(printf, 2, 3))) static void fault(char text[512], const char *format, ...)
{
    va_list arguments;

    if (text[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(text, 512, format, arguments);
    va_end(arguments);
}

static void collect(struct values *values, char *const *environment)
{
    memset(values, 0, sizeof *values);
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *entry = *environment, *equals;
        size_t length;
        int i;

        if (strncmp(entry, PREFIX, strlen(PREFIX)) != 0)
            continue;
        equals = strchr(entry, '=');
        if (equals == NULL)
            continue;
        length = (size_t)(equals - entry);
        if (length == strlen(PREFIX)) {
            if (values->main == NULL)
                values->main = equals + 1;
            continue;
        }
        if (entry[strlen(PREFIX)] != '_')
            continue;
        for (i = 0; i < V_COUNT; i++)
            if (strlen(names[i]) == length && strncmp(names[i], entry, length) == 0)
                break;
        if (i == V_COUNT)
            values->unknown = values->unknown == NULL ? entry : values->unknown;
        else if (values->of[i] == NULL)
            values->of[i] = equals + 1;
    }
    for (int i = 0; i < V_COUNT; i++)
        if (values->of[i] != NULL && values->of[i][0] == '\0')
            values->of[i] = NULL;
}

static bool is_one_of(const char *value, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcasecmp(value, *list) == 0)
            return true;
    return false;
}

static void take_mode(struct config *config, const char *value)
{
    static const char *const on[] = {"1", "true", "yes", "on", NULL};
    static const char *const off[] = {"", "0", "false", "no", "off", NULL};

    if (value == NULL || is_one_of(value, off)) {
        config->mode = CONFIG_OFF;
    } else if (strcasecmp(value, "audit") == 0) {
        config->mode = CONFIG_AUDIT;
    } else {
        config->mode = CONFIG_ON;
        if (!is_one_of(value, on))
            fault(config->error, "SECURE_ZMQ='%.60s' is not understood: use 1, 0 or audit", value);
    }
}

/* base/name, or name if it is absolute; in memory of its own. NULL with a fault in *text. */
static char *join(char text[512], const char *base, const char *name)
{
    size_t size;
    char *path;

    if (name[0] == '/') {
        path = strdup(name);
    } else {
        while (name[0] == '.' && name[1] == '/')
            name += 2;
        size = strlen(base) + strlen(name) + 2;
        path = malloc(size);
        if (path != NULL)
            snprintf(path, size, "%s%s%s", base, base[strlen(base) - 1] == '/' ? "" : "/", name);
    }
    if (path == NULL)
        fault(text, "out of memory while reading the environment");
    return path;
}

static char *from_directory(char text[512], const struct config_system *system,
                            const char *variable, const char *value)
{
    if (value[0] != '/' && system->directory == NULL) {
        fault(text,
              "%s='%.200s' is relative, but the working directory cannot be told: "
              "use an absolute path",
              variable, value);
        return NULL;
    }
    return join(text, system->directory, value);
}

/* A name without '/' is in the certificate directory. */
static char *certificate_path(struct config *config, const struct config_system *system,
                              const struct values *values, enum variable v, const char *fallback)
{
    const char *value = values->of[v] != NULL ? values->of[v] : fallback;

    if (config->certs == NULL)
        return NULL;
    if (strchr(value, '/') == NULL)
        return join(config->error, config->certs, value);
    return from_directory(config->error, system, names[v], value);
}

static void take_paths(struct config *config, const struct config_system *system,
                       const struct values *values)
{
    config->certs_default = values->of[V_CERTS] == NULL;
    if (!config->certs_default) {
        config->certs = from_directory(config->error, system, names[V_CERTS], values->of[V_CERTS]);
    } else if (system->certificates_here && system->directory != NULL) {
        config->certs = join(config->error, system->directory, "certificates");
        config->certs_found_here = true;
    } else {
        config->certs = join(config->error, "/", CONFIG_SYSTEM_DIRECTORY);
    }
    for (char *end; config->certs != NULL &&
                    (end = config->certs + strlen(config->certs) - 1) > config->certs &&
                    *end == '/';)
        *end = '\0';
    config->server_cert =
        certificate_path(config, system, values, V_SERVER_CERT, "server.key_secret");
    config->client_cert =
        certificate_path(config, system, values, V_CLIENT_CERT, "client.key_secret");
    config->server_key = certificate_path(config, system, values, V_SERVER_KEY, "server.key");
    config->known_servers =
        certificate_path(config, system, values, V_KNOWN_SERVERS, "known_servers");
    config->known_servers_set = values->of[V_KNOWN_SERVERS] != NULL;
    config->authorized_any =
        values->of[V_AUTHORIZED] != NULL && strcasecmp(values->of[V_AUTHORIZED], "any") == 0;
    config->authorized =
        certificate_path(config, system, values, V_AUTHORIZED, "authorized_clients");
    config->revoked = config->certs == NULL ? NULL : join(config->error, config->certs, "revoked");
}

static void take_cidrs(struct config *config, struct cidr_list *list, const struct values *values,
                       enum variable v)
{
    const char *bad;
    size_t length = 0;

    if (values->of[v] == NULL)
        return;
    if (cidr_list_parse(list, values->of[v], &bad, &length) == 0) {
        if (list->count == 0)
            fault(config->error, "%s names no address: write one, or leave the variable out",
                  names[v]);
        return;
    }
    if (bad == NULL)
        fault(config->error, "out of memory while reading %s", names[v]);
    else
        fault(config->error, "%s: '%.*s' is not an address or a CIDR such as 192.0.2.0/24",
              names[v], length > 80 ? 80 : (int)length, bad);
}

static void take_globs(struct config *config, const char *value)
{
    const char *glob;

    if (value == NULL)
        return;
    if (glob_list_parse(&config->plaintext, value) != 0) {
        fault(config->error, "out of memory while reading SECURE_ZMQ_PLAINTEXT");
        return;
    }
    glob = config->plaintext.text;
    for (size_t i = 0; i < config->plaintext.count; i++, glob += strlen(glob) + 1)
        if (strstr(glob, "://") == NULL && strpbrk(glob, "*?") == NULL)
            fault(config->error,
                  "SECURE_ZMQ_PLAINTEXT: '%.80s' is not an endpoint glob: write it as the program "
                  "does, such as tcp://127.0.0.1:5555 or tcp://*:5555",
                  glob);
}

static void take_log(struct config *config, const struct config_system *system,
                     const struct values *values)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const char *value = values->of[V_LOG];
    int level = -1;

    if (value == NULL || strcasecmp(value, "stderr") == 0)
        config->sink = CONFIG_STDERR;
    else if (strcasecmp(value, "syslog") == 0)
        config->sink = CONFIG_SYSLOG;
    else if (strcasecmp(value, "none") == 0)
        config->sink = CONFIG_NONE;
    else
        config->log_path = from_directory(config->warning, system, names[V_LOG], value);
    if (config->log_path != NULL)
        config->sink = CONFIG_FILE;
    value = values->of[V_LOG_LEVEL];
    for (int i = 0; value != NULL && i < 4; i++)
        if (strcasecmp(value, levels[i]) == 0)
            level = i;
    if (level >= 0)
        config->log_level = (enum event_level)level;
    else if (value != NULL)
        fault(config->warning,
              "SECURE_ZMQ_LOG_LEVEL='%.60s' is not understood: use error, warning, info or debug",
              value);
    value = values->of[V_LOG_FORMAT];
    config->log_json = value != NULL && strcasecmp(value, "json") == 0;
    if (value != NULL && !config->log_json && strcasecmp(value, "text") != 0)
        fault(config->warning, "SECURE_ZMQ_LOG_FORMAT='%.60s' is not understood: use text or json",
              value);
}

static int64_t take_number(struct config *config, const struct values *values, enum variable v,
                           int64_t least, int64_t most, int64_t fallback)
{
    const char *value = values->of[v], *digit = value;
    uint64_t number = 0;

    if (value == NULL)
        return fallback;
    for (; *digit >= '0' && *digit <= '9' && number <= (uint64_t)most / 10; digit++)
        number = number * 10 + (unsigned)(*digit - '0');
    if (*digit == '\0' && number >= (uint64_t)least && number <= (uint64_t)most)
        return (int64_t)number;
    fault(config->error, "%s='%.60s' is not a whole number from %lld to %lld", names[v], value,
          (long long)least, (long long)most);
    return fallback;
}

static void take_permissions(struct config *config, const char *value)
{
    config->permissions_warn = value != NULL && strcasecmp(value, "warn") == 0;
    if (value != NULL && !config->permissions_warn && strcasecmp(value, "strict") != 0)
        fault(config->error, "SECURE_ZMQ_PERMISSIONS='%.60s' is not understood: use strict or warn",
              value);
}

static void take_unknown(struct config *config, const char *entry)
{
    int length = (int)strcspn(entry, "=");

    if (length > 100)
        length = 100;
    fault(config->error, "%.*s is not a variable of curveshim: did you mean %s?", length, entry,
          nearest(entry, (size_t)length, names, V_COUNT));
}

void config_parse(struct config *config, char *const *environment,
                  const struct config_system *system)
{
    struct values values;

    memset(config, 0, sizeof *config);
    config->log_level = EVENT_WARNING;
    config->handshake_timeout = config->max_message_size = -1;
    collect(&values, environment);
    take_mode(config, values.main);
    if (system->secure_execution) {
        memset(values.of, 0, sizeof values.of);
        values.unknown = NULL;
    }
    for (int i = 0; i < V_COUNT; i++)
        config->others_set |= values.main == NULL && values.of[i] != NULL;
    config->others_set |= values.main == NULL && values.unknown != NULL;
    if (config->mode == CONFIG_OFF && !config->others_set)
        return;
    take_log(config, system, &values);
    if (config->mode == CONFIG_OFF)
        return;
    if (values.unknown != NULL)
        take_unknown(config, values.unknown);
    take_paths(config, system, &values);
    config->has_allow = values.of[V_ALLOW] != NULL;
    take_cidrs(config, &config->allow, &values, V_ALLOW);
    take_cidrs(config, &config->deny, &values, V_DENY);
    take_globs(config, values.of[V_PLAINTEXT]);
    config->handshake_timeout = take_number(config, &values, V_HANDSHAKE_TIMEOUT, 0, INT_MAX, -1);
    config->max_message_size = take_number(config, &values, V_MAX_MESSAGE_SIZE, 1, INT64_MAX, -1);
    config->io_threads = (int)take_number(config, &values, V_IO_THREADS, 1, 1024, 0);
    take_permissions(config, values.of[V_PERMISSIONS]);
    if (values.of[V_METRICS] != NULL)
        config->metrics =
            from_directory(config->warning, system, names[V_METRICS], values.of[V_METRICS]);
}

void config_free(struct config *config)
{
    free(config->certs);
    free(config->server_cert);
    free(config->client_cert);
    free(config->server_key);
    free(config->known_servers);
    free(config->authorized);
    free(config->revoked);
    cidr_list_free(&config->allow);
    cidr_list_free(&config->deny);
    glob_list_free(&config->plaintext);
    free(config->log_path);
    free(config->metrics);
    memset(config, 0, sizeof *config);
}
