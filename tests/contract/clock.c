/* Preloaded: the wall clock is as many seconds off as the file that CLOCK_STEP names is long. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    const char *path = getenv("CLOCK_STEP");
    struct stat status;
    int result;

    if (real == NULL)
        *(void **)(void *)&real = dlsym(RTLD_NEXT, "clock_gettime");
    result = real(clock, time);
    if (clock == CLOCK_REALTIME && result == 0 && path != NULL && stat(path, &status) == 0)
        time->tv_sec += status.st_size;
    return result;
}
