#include "shim/metrics_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "curveshim-"
#define SUFFIX ".prom"

void metrics_host(char host[METRICS_HOST], const char *name)
{
    size_t i;

    for (i = 0; i < METRICS_HOST - 1 && name[i] != '\0'; i++)
        host[i] = (char)(isascii(name[i]) && (isalnum(name[i]) || strchr(".-_", name[i]) != NULL)
                             ? name[i]
                             : '_');
    host[i] = '\0';
    if (i == 0)
        strcpy(host, "unknown");
}

void metrics_name(char name[METRICS_NAME], const char *host, const struct metrics_owner *owner)
{
    snprintf(name, METRICS_NAME, PREFIX "%s-%d-%" PRIu64 SUFFIX, host, (int)owner->pid,
             owner->start);
}

/* A number without sign or leading zero; behind it, or NULL. */
static const char *number(uint64_t *value, const char *text)
{
    *value = 0;
    if (!isdigit((unsigned char)*text) || (text[0] == '0' && isdigit((unsigned char)text[1])))
        return NULL;
    for (; isdigit((unsigned char)*text); text++) {
        if (*value > (UINT64_MAX - 9) / 10)
            return NULL;
        *value = *value * 10 + (unsigned)(*text - '0');
    }
    return text;
}

bool metrics_name_parse(struct metrics_owner *owner, const char *name, const char *host)
{
    size_t length = strlen(host);
    uint64_t pid;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    name += strlen(PREFIX);
    if (strncmp(name, host, length) != 0 || name[length] != '-')
        return false;
    name = number(&pid, name + length + 1);
    if (name == NULL || *name != '-' || pid == 0 || pid > INT_MAX)
        return false;
    owner->pid = (pid_t)pid;
    name = number(&owner->start, name + 1);
    return name != NULL &&
           (strcmp(name, SUFFIX) == 0 || strcmp(name, SUFFIX METRICS_TEMPORARY) == 0);
}
