#include "shim/check_error_name.h"

#include <errno.h>
#include <stddef.h>

const char *check_error_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } known[] = {
#define X(name) {name, #name}
        X(EACCES),       X(EADDRINUSE),   X(EADDRNOTAVAIL), X(EAFNOSUPPORT), X(EAGAIN),
        X(ECONNABORTED), X(ECONNREFUSED), X(ECONNRESET),    X(EHOSTDOWN),    X(EHOSTUNREACH),
        X(EINVAL),       X(EIO),          X(ELOOP),         X(EMFILE),       X(ENAMETOOLONG),
        X(ENETDOWN),     X(ENETRESET),    X(ENETUNREACH),   X(ENFILE),       X(ENOBUFS),
        X(ENOENT),       X(ENOMEM),       X(ENOTDIR),       X(ENOTSOCK),     X(EPERM),
        X(EPIPE),        X(EPROTOTYPE),   X(ETIMEDOUT),
#undef X
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].error == error)
            return known[i].name;
    return "another";
}
