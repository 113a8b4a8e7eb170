#include "certs/error.h"

#include <stdarg.h>
#include <stdio.h>

int cert_fail(struct cert_error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return -1;
    error->code = code;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}
