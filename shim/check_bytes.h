#ifndef CURVESHIM_SHIM_CHECK_BYTES_H
#define CURVESHIM_SHIM_CHECK_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* The bytes of a file, and questions about them that no content can turn into a wild read. */

struct check_bytes {
    const unsigned char *data;
    size_t size;
    struct stat status;
};

/* 0, or an errno: EISDIR, EINVAL (neither a file nor a directory), or open's. An empty file gives
 * size 0. */
int check_bytes_open(struct check_bytes *bytes, const char *path);
void check_bytes_close(struct check_bytes *bytes);

bool check_bytes_begin(const struct check_bytes *bytes, const char *with);

/* Whether text occurs between two offsets; the part beyond the end is left out. */
bool check_bytes_contain(const struct check_bytes *bytes, size_t from, size_t to, const char *text);

/* The NUL-terminated text at an offset that ends before limit, or NULL. */
const char *check_bytes_text(const struct check_bytes *bytes, size_t offset, size_t limit);

/* A file that shrinks while it is mapped would kill the program by SIGBUS: say so, and exit with
 * "could not tell". */
void check_bytes_guard(void);

#endif
