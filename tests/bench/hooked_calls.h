#ifndef CURVESHIM_TESTS_BENCH_HOOKED_CALLS_H
#define CURVESHIM_TESTS_BENCH_HOOKED_CALLS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* `PROGRAM CALL COUNT` makes one kind of call so often, after a first time, and prints the
 * nanoseconds of each; with "all" each kind in turn. Without arguments it prints, for each, the
 * name of the function that makes it and its own. For the programs that include it: one each. */

struct call {
    const char *name, *function;
    long (*make)(void);
};

#define NAMED(name, function)                                                                      \
    {                                                                                              \
        name, #function, function                                                                  \
    }

static inline bool make_calls(const struct call *call, long count)
{
    struct timespec start, end;
    long done = call->make();

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long n = 0; n < count; n++)
        done += call->make();
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.1f\n",
           ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
               (double)(count > 0 ? count : 1));
    return done != 123456789; /* so that all are made */
}

static inline int hooked_calls(const struct call *calls, size_t known, int argc, char **argv)
{
    bool is_known = argc < 3;

    for (size_t i = 0; i < known; i++)
        if (argc < 3)
            printf("%s %s\n", calls[i].function, calls[i].name);
        else if (strcmp(argv[1], "all") == 0 || strcmp(argv[1], calls[i].name) == 0)
            is_known |= make_calls(&calls[i], strtol(argv[2], NULL, 10));
    return is_known ? 0 : 2;
}

#endif
