/* The functions of libc whose calls can be made to fail. */
#include "faults.h"

#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <time.h>

/* Under another name, as the headers declare some of them with other types. */
#define EXPORT(result, name, parameters)                                                           \
    __attribute__((visibility("default"))) result faulty_##name parameters __asm__(#name);         \
    result faulty_##name parameters

#define FAULTY(result, name, parameters, arguments, failure)                                       \
    EXPORT(result, name, parameters) FAULTY_BODY(result, name, parameters, arguments, failure)

FAULTY(void *, malloc, (size_t size), (size), NULL)
FAULTY(void *, calloc, (size_t count, size_t size), (count, size), NULL)
FAULTY(void *, realloc, (void *old, size_t size), (old, size), NULL)
FAULTY(char *, strdup, (const char *text), (text), NULL)

FAULTY(int, pthread_create,
       (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
       (thread, attributes, run, argument), errno)
FAULTY(int, pthread_attr_init, (pthread_attr_t * attributes), (attributes), errno)
FAULTY(int, pthread_attr_setstacksize, (pthread_attr_t * attributes, size_t size),
       (attributes, size), errno)
FAULTY(int, __register_atfork,
       (void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object),
       (prepare, parent, child, object), errno)

FAULTY(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off64_t offset),
       (at, size, protection, flags, fd, offset), MAP_FAILED)
FAULTY(int, mlock, (const void *at, size_t size), (at, size), -1)
FAULTY(int, mprotect, (void *at, size_t size, int protection), (at, size, protection), -1)
FAULTY(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1)
FAULTY(int, eventfd, (unsigned count, int flags), (count, flags), -1)
FAULTY(int, inotify_init1, (int flags), (flags), -1)
FAULTY(int, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask), -1)

FAULTY(int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode), -1)
FAULTY(int, openat64, (int fd, const char *path, int flags, mode_t mode), (fd, path, flags, mode),
       -1)
FAULTY(DIR *, opendir, (const char *path), (path), NULL)
FAULTY(DIR *, fdopendir, (int fd), (fd), NULL)
FAULTY(struct dirent64 *, readdir64, (DIR * directory), (directory), NULL)
FAULTY(int, fstat64, (int fd, struct stat64 *status), (fd, status), -1)
FAULTY(int, stat64, (const char *path, struct stat64 *status), (path, status), -1)
FAULTY(int, lstat64, (const char *path, struct stat64 *status), (path, status), -1)
FAULTY(int, fstatat64, (int fd, const char *path, struct stat64 *status, int flags),
       (fd, path, status, flags), -1)
FAULTY(int, statfs64, (const char *path, struct statfs64 *status), (path, status), -1)
FAULTY(int, statvfs64, (const char *path, struct statvfs64 *status), (path, status), -1)
FAULTY(int, fstatvfs64, (int fd, struct statvfs64 *status), (fd, status), -1)
FAULTY(int, access, (const char *path, int mode), (path, mode), -1)
FAULTY(int, faccessat, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags), -1)
FAULTY(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size), -1)
FAULTY(char *, __realpath_chk, (const char *path, char *resolved, size_t size),
       (path, resolved, size), NULL)
FAULTY(char *, getcwd, (char *path, size_t size), (path, size), NULL)
FAULTY(int, gethostname, (char *name, size_t size), (name, size), -1)
FAULTY(int, getifaddrs, (struct ifaddrs * *list), (list), -1)
FAULTY(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
FAULTY(int, ftruncate64, (int fd, off64_t size), (fd, size), -1)
FAULTY(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new),
       -1)
FAULTY(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), -1)
FAULTY(int, utimensat, (int fd, const char *path, const struct timespec times[2], int flags),
       (fd, path, times, flags), -1)
FAULTY(int, posix_fadvise64, (int fd, off64_t offset, off64_t size, int advice),
       (fd, offset, size, advice), errno)
FAULTY(int, ioctl, (int fd, unsigned long request, void *argument), (fd, request, argument), -1)
FAULTY(int, poll, (struct pollfd * items, nfds_t count, int wait), (items, count, wait), -1)
FAULTY(int, nanosleep, (const struct timespec *time, struct timespec *rest), (time, rest), -1)

/* The shim's calls of these are calls of its own hooks, which pass them on as they pass on the
 * program's: those are told apart by what they are about, where libzmq would not survive. */
#define FAULTY_IF(condition, result, name, parameters, arguments)                                  \
    EXPORT(result, name, parameters)                                                               \
    {                                                                                              \
        static result(*real) parameters;                                                           \
        if (real == NULL)                                                                          \
            *(void **)(void *)&real = next_function(#name);                                        \
        if ((condition) && faults_here(#name, __builtin_return_address(0)))                        \
            return -1;                                                                             \
        return real arguments;                                                                     \
    }

static bool is_file(int fd)
{
    struct stat status;
    int saved = errno, result = fstat(fd, &status);

    errno = saved;
    return result == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

FAULTY_IF(is_file(fd), ssize_t, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
FAULTY_IF(is_file(fd), ssize_t, pread64, (int fd, void *bytes, size_t size, off64_t offset),
          (fd, bytes, size, offset))
FAULTY_IF(is_file(fd), ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
FAULTY_IF(command == F_DUPFD_CLOEXEC, int, fcntl, (int fd, int command, void *argument),
          (fd, command, argument))
FAULTY_IF(command == F_DUPFD_CLOEXEC, int, fcntl64, (int fd, int command, void *argument),
          (fd, command, argument))
FAULTY_IF(number != SYS_close, long, syscall,
          (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f))
FAULTY(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
FAULTY(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags),
       -1)
FAULTY(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags), -1)
FAULTY(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags),
       (fd, from, size, flags), -1)
FAULTY(int, shutdown, (int fd, int how), (fd, how), -1)
