#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* A deliberate slow-down, preloaded to see that the measurements notice it: SLOW_PS_PER_BYTE
 * picoseconds for each byte sent or received, SLOW_NS_PER_CONNECT nanoseconds for each connection.
 */

/* Of the thread's own time: what else the machine does makes it no shorter. */
static void spin(int64_t nanoseconds)
{
    struct timespec now, start;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < nanoseconds);
}

static int64_t setting(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

/* Reading the clock takes longer than a small message owes: debts are paid together, but soon. */
static void pay(int64_t *owed, ssize_t bytes)
{
    static int64_t cost = -1;

    if (cost < 0)
        cost = setting("SLOW_PS_PER_BYTE");
    if (bytes > 0)
        *owed += cost * (int64_t)bytes;
    if (*owed > 20000000) {
        spin(*owed / 1000);
        *owed = 0;
    }
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    static __thread int64_t owed;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    pay(&owed, (ssize_t)size);
    return real(fd, buffer, size, flags);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    static __thread int64_t owed;
    ssize_t received;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "recv");
    received = real(fd, buffer, size, flags);
    pay(&owed, received);
    return received;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
    spin(setting("SLOW_NS_PER_CONNECT"));
    return real(fd, address, size);
}
