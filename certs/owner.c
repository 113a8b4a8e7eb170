#include "certs/owner.h"

#include <stdint.h>
#include <stdlib.h>

bool owner_parse(struct owner *owner, const char *text)
{
    unsigned long uid, gid;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    uid = strtoul(text, &end, 10);
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    gid = strtoul(end + 1, &end, 10);
    if (*end != '\0' || uid >= UINT32_MAX || gid >= UINT32_MAX)
        return false;
    *owner = (struct owner){true, (uid_t)uid, (gid_t)gid};
    return true;
}
