#ifndef CURVESHIM_CERTS_OWNER_H
#define CURVESHIM_CERTS_OWNER_H

#include <stdbool.h>

#include "certs/write.h"

/* "UID:GID", in numbers. Pure. */
bool owner_parse(struct owner *owner, const char *text);

#endif
