#ifndef CURVESHIM_CERTS_RIGHTS_H
#define CURVESHIM_CERTS_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "certs/certificate.h"

/* When a certificate is valid, as the shim reads its metadata. Pure. */

enum rights {
    RIGHTS_VALID,
    RIGHTS_NOT_YET,
    RIGHTS_EXPIRED,
    RIGHTS_UNREADABLE, /* a time that can't be understood: the shim refuses the certificate */
};

enum rights rights_now(const struct certificate *certificate, int64_t now);

/* "valid", "valid until TIME", "expired since TIME", "not valid before TIME" ... */
void rights_validity(char *text, size_t size, const struct certificate *certificate, int64_t now);

#endif
