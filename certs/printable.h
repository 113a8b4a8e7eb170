#ifndef CURVESHIM_CERTS_PRINTABLE_H
#define CURVESHIM_CERTS_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Text from files of others, on its way to a terminal or into a certificate. Pure. */

/* The length of the UTF-8 character at text, or 0 if there is none that can be printed: a control
 * character (C0, DEL, C1), or bytes that are not UTF-8. */
size_t printable_character(const char *text);

/* Whether all of text is made of printable characters. */
bool printable(const char *text);

/* Copies text, with \xHH for each byte that is not part of a printable character. Cuts to size. */
void printable_copy(char *to, size_t size, const char *text);

#endif
