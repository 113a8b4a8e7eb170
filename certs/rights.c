#include "certs/rights.h"

#include <stdio.h>

#include "shim/rfc3339.h"

enum rights rights_now(const struct certificate *certificate, int64_t now)
{
    const char *from = certificate_metadata(certificate, "not-before");
    const char *until = certificate_metadata(certificate, "expires");
    int64_t start = INT64_MIN, end = INT64_MAX;

    if ((from != NULL && !rfc3339_parse(&start, from)) ||
        (until != NULL && !rfc3339_parse(&end, until)))
        return RIGHTS_UNREADABLE;
    if (now >= end)
        return RIGHTS_EXPIRED;
    return now < start ? RIGHTS_NOT_YET : RIGHTS_VALID;
}

void rights_validity(char *text, size_t size, const struct certificate *certificate, int64_t now)
{
    const char *from = certificate_metadata(certificate, "not-before");
    const char *until = certificate_metadata(certificate, "expires");

    switch (rights_now(certificate, now)) {
    case RIGHTS_UNREADABLE:
        snprintf(text, size, "its times can't be read");
        return;
    case RIGHTS_EXPIRED:
        snprintf(text, size, "expired since %.40s", until);
        return;
    case RIGHTS_NOT_YET:
        snprintf(text, size, "not valid before %.40s", from);
        return;
    case RIGHTS_VALID:
        if (until != NULL)
            snprintf(text, size, "valid until %.40s", until);
        else
            snprintf(text, size, "valid");
        return;
    }
}
