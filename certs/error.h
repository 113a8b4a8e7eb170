#ifndef CURVESHIM_CERTS_ERROR_H
#define CURVESHIM_CERTS_ERROR_H

/* The one error type of the certificate code: an errno value and one line for a person, which
 * names the file, the line where there is one, and the remedy. Owned by the caller, no allocation.
 */
struct cert_error {
    int code;
    char text[768];
};

/* Fills *error (may be NULL), cutting the text to its size. Always returns -1. */
int cert_fail(struct cert_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
