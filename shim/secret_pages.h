#ifndef CURVESHIM_SHIM_SECRET_PAGES_H
#define CURVESHIM_SHIM_SECRET_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Pages for the secrets of libzmq's handshakes, as sodium_malloc gives them: locked, left out of
 * dumps, between pages that cannot be accessed, wiped when they are given back, and then not
 * accessible either. Only they stay mapped for the next one: to map, lock, guard and unmap each
 * takes a fifth of a handshake's time. A forked child finds them empty. Thread-safe; no lock. */

#define SECRET_PAGES 8

/* size bytes that end where their page does. NULL where there is none left, or none that is large
 * enough. errno is left alone. */
void *secret_pages_take(size_t size);

/* False for memory that is from elsewhere. */
bool secret_pages_give(void *memory);

#endif
