#ifndef CURVESHIM_CERTS_FLEET_LOG_H
#define CURVESHIM_CERTS_FLEET_LOG_H

/* Drafts a fleet file on stdout from logs in JSON; "-" is stdin. Says on stderr what needs a look.
 * One of enum tool_status. */
int fleet_from_logs(int count, char **files);

#endif
