#ifndef CURVESHIM_SHIM_CHECK_ENDPOINT_H
#define CURVESHIM_SHIM_CHECK_ENDPOINT_H

#include <netdb.h>
#include <sys/un.h>

#include "shim/check_probe.h"
#include "shim/check_result.h"

/* Endpoints: which mechanism does the listener speak. */

void check_endpoint(struct check_result *result, const char *endpoint, int timeout);

/* "ipc://path" and "ipc://@name" (abstract) after the "://". False if it is too long. */
bool check_ipc_address(const char *path, struct sockaddr_un *address, socklen_t *size);

/* The addresses of "host:port" after the "://": 0 or an EAI error; freeaddrinfo the list. */
int check_tcp_addresses(const char *text, struct addrinfo **list);

/* Into an object: version, mechanism, as_server, what it looks like. */
void check_greeting_details(struct check_value *object, const struct probe *probe);

/* "NULL", "ZMTP 2.0, which has no security", …; to be freed. */
char *check_greeting_text(const struct probe *probe);

#endif
