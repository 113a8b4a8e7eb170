#ifndef CURVESHIM_TESTS_CHECK_LISTENER_H
#define CURVESHIM_TESTS_CHECK_LISTENER_H

#include <stddef.h>

/* Binds a socket that stays, and tells where. */
__attribute__((visibility("default"))) int listener_start(const char *endpoint, char *where,
                                                          size_t size);

#endif
