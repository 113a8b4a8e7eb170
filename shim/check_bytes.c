#include "shim/check_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int check_bytes_open(struct check_bytes *bytes, const char *path)
{
    /* Nothing is waited for: a FIFO could hold us for ever. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int error = 0;
    void *data;

    memset(bytes, 0, sizeof *bytes);
    if (file < 0)
        return errno;
    if (fstat(file, &bytes->status) != 0)
        error = errno;
    else if (!S_ISREG(bytes->status.st_mode))
        error = S_ISDIR(bytes->status.st_mode) ? EISDIR : EINVAL;
    if (error == 0 && bytes->status.st_size > 0) {
        data = mmap(NULL, (size_t)bytes->status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            error = errno;
        else {
            bytes->data = data;
            bytes->size = (size_t)bytes->status.st_size;
        }
    }
    close(file);
    return error;
}

void check_bytes_close(struct check_bytes *bytes)
{
    if (bytes->size != 0)
        munmap((void *)(uintptr_t)bytes->data, bytes->size);
    bytes->data = NULL;
    bytes->size = 0;
}

bool check_bytes_begin(const struct check_bytes *bytes, const char *with)
{
    size_t length = strlen(with);

    return bytes->size >= length && memcmp(bytes->data, with, length) == 0;
}

bool check_bytes_contain(const struct check_bytes *bytes, size_t from, size_t to, const char *text)
{
    if (to > bytes->size)
        to = bytes->size;
    return from < to && memmem(bytes->data + from, to - from, text, strlen(text)) != NULL;
}

const char *check_bytes_text(const struct check_bytes *bytes, size_t offset, size_t limit)
{
    if (limit > bytes->size)
        limit = bytes->size;
    if (offset >= limit || memchr(bytes->data + offset, '\0', limit - offset) == NULL)
        return NULL;
    return (const char *)bytes->data + offset;
}

static void changed(int signal_number)
{
    static const char text[] = "curveshim-check: a file changed while it was read\n";

    (void)signal_number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(2);
}

void check_bytes_guard(void)
{
    struct sigaction action = {.sa_handler = changed};

    sigaction(SIGBUS, &action, NULL);
}
