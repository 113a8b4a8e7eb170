#ifndef CURVESHIM_SHIM_TEXT_H
#define CURVESHIM_SHIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Puts short texts together where printf, which takes a thousand instructions for a number, would
 * show: at each bad handshake. Each puts as much as there is room for in front of end, and a NUL
 * behind it; where the NUL is, which is where the next one goes on. at < end. Pure. */

char *text_put(char *at, const char *end, const char *text);
/* At most so many bytes of it. */
char *text_put_some(char *at, const char *end, const char *text, size_t most);
char *text_put_number(char *at, const char *end, uint64_t number);
/* So many digits, 16 at the most. */
char *text_put_hexadecimal(char *at, const char *end, uint64_t number, unsigned digits);
/* Four bytes in network order: "192.0.2.1". */
char *text_put_ip4(char *at, const char *end, const void *address);

/* An array that becomes a copy of text. */
#define text_copy(array, text) ((void)text_put((array), (array) + sizeof(array), (text)))

#endif
