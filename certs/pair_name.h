#ifndef CURVESHIM_CERTS_PAIR_NAME_H
#define CURVESHIM_CERTS_PAIR_NAME_H

#include "certs/error.h"

/* Checks a NAME that becomes NAME.key and NAME.key_secret. Pure. */
int pair_check_name(const char *name, struct cert_error *error);

#endif
