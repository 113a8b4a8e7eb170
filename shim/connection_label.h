#ifndef CURVESHIM_SHIM_CONNECTION_LABEL_H
#define CURVESHIM_SHIM_CONNECTION_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A peer's address as libzmq is told of it begins with a label that says which connection it is:
 * "curveshim/FD/ID/192.0.2.1". The program never sees it. Of one length, so that an address without
 * it is a later part of the same string. Pure. */

#define CONNECTION_LABEL 29

void connection_label_write(char label[CONNECTION_LABEL + 1], int fd, uint64_t id);

/* What the label of an address says; false if it has none. */
bool connection_label_read(const char *address, int *fd, uint64_t *id);

/* How many bytes of an address of that size are its label: CONNECTION_LABEL, or 0. */
size_t connection_label_size(const void *address, size_t size);

/* The address without its label; the same string, further on. */
const char *connection_label_skip(const char *address);

#endif
