#ifndef CURVESHIM_SHIM_CONFIG_H
#define CURVESHIM_SHIM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/cidr.h"
#include "shim/event.h"
#include "shim/glob.h"

/* The environment, understood once. Pure: what it has to know of the system is passed in. */

enum config_mode { CONFIG_OFF, CONFIG_ON, CONFIG_AUDIT };
enum config_sink { CONFIG_STDERR, CONFIG_SYSLOG, CONFIG_NONE, CONFIG_FILE };

#define CONFIG_SYSTEM_DIRECTORY "/etc/curveshim/certificates"

struct config {
    enum config_mode mode;
    bool others_set; /* SECURE_ZMQ is not set, but another SECURE_ZMQ_… is */

    /* Absolute paths, owned. */
    char *certs;
    bool certs_found_here; /* the default one of the working directory */
    bool certs_default;    /* SECURE_ZMQ_CERTS is not set */
    char *server_cert;
    char *client_cert;
    char *server_key;
    char *known_servers;
    bool known_servers_set; /* by variable: it must be there */
    char *authorized;
    char *revoked;
    bool authorized_any;

    bool has_allow;
    struct cidr_list allow;
    struct cidr_list deny;
    struct glob_list plaintext;

    enum config_sink sink;
    char *log_path;
    enum event_level log_level;
    bool log_json;
    char *metrics;

    int64_t handshake_timeout; /* milliseconds, -1: not set */
    int64_t max_message_size;  /* bytes, -1: not set */
    int io_threads;            /* 0: not set */
    bool permissions_warn;

    char error[512];   /* why every call is refused; "" if it isn't */
    char warning[512]; /* a fault that refuses nothing; "" if there is none */
};

/* What the parser has to know of the process. */
struct config_system {
    const char *directory;  /* the working directory; NULL if it can't be told */
    bool certificates_here; /* a directory "certificates" is in it */
    bool secure_execution;  /* AT_SECURE: only SECURE_ZMQ counts */
};

/* Reads a NULL-terminated list of NAME=VALUE. The first of two entries of a name counts, as with
 * getenv. Never fails: what can't be understood, and lack of memory, is in error or warning. A
 * config that is off because no SECURE_ZMQ… variable is set allocates nothing. */
void config_parse(struct config *config, char *const *environment,
                  const struct config_system *system);
void config_free(struct config *config);

#endif
