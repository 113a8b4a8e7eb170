#ifndef CURVESHIM_SHIM_WAKE_H
#define CURVESHIM_SHIM_WAKE_H

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor that another thread waits on, and that is readable as often as it was given.
 *
 * Programs close descriptors that they do not know, and open others under their numbers, without a
 * sign. So each use looks first whether it is still the same: event descriptors share an inode, but
 * carry a mark. Another thread may close it between that look and the use, which is left to be.
 * errno is left alone unless a line says so. */

struct wake {
    int fd;
    ino_t inode;
};

/* Close-on-exec and of no low number. 0, or -1 with errno. */
int wake_open(struct wake *wake);
bool wake_is_there(const struct wake *wake);
/* One more, or false; one less. Neither waits. */
bool wake_give(const struct wake *wake);
void wake_take(const struct wake *wake);
void wake_close(const struct wake *wake);

#endif
