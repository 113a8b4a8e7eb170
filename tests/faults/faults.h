#ifndef CURVESHIM_TESTS_FAULTS_H
#define CURVESHIM_TESTS_FAULTS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "shim/next_function.h"

/* A library that is preloaded behind libcurveshim.so and counts the calls that come from it, by
 * place in its code; at one of those something happens. In the environment:
 *   CURVESHIM_FAULT=PLACE:HIT:ACTION:ERRNO  the HITth call at PLACE (an offset in libcurveshim.so,
 *                                           hexadecimal), with "+" behind HIT all from there on;
 *                                         a second one may follow, behind a semicolon
 *   CURVESHIM_FAULT_COUNTS=FILE             where "FUNCTION PLACE HITS FIRED" is written at the end
 * ACTION is fail, signal (SIGUSR1, to the calling thread and to the process), fork (by another
 * thread; the child runs faults_in_child; where faults_may_fork says so) or cancel (the calling
 * thread, where faults_may_cancel says so). All is thread-safe. */

/* Whether this call has to fail, with errno set. from: its return address. */
bool faults_here(const char *function, const void *from);

/* Of the program. It may not fork in a library's constructor: libzmq's may not have run yet. */
__attribute__((weak)) void faults_in_child(void);
__attribute__((weak)) bool faults_may_fork(void);
__attribute__((weak)) bool faults_may_cancel(void);

/* Lets the shim find this library's functions where it looks for libzmq's. */
void faults_patch_libzmq(void);

#define FAULTY_BODY(result, name, parameters, arguments, failure)                                  \
    {                                                                                              \
        static result(*real) parameters;                                                           \
        if (real == NULL)                                                                          \
            *(void **)(void *)&real = next_function(#name);                                        \
        if (faults_here(#name, __builtin_return_address(0)))                                       \
            return failure;                                                                        \
        return real arguments;                                                                     \
    }

#endif
