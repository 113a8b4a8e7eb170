#ifndef CURVESHIM_SHIM_APART_H
#define CURVESHIM_SHIM_APART_H

#include <stdbool.h>

/* Reading files in a process that has used up its descriptors: in a thread that shares none with
 * the others but 0 to 2, and so has room for its own.
 *
 * Its numbers mean other files to everybody else: function may not let others have them, and may
 * call none of this library's hooks (read, write, close, socket…), which would take them for the
 * process's. So it writes no line of the log either. */

/* Calls function(argument) there and waits for it. False if it was not called: there is no such
 * thread to be had (Linux before 5.9, a filter of system calls, no memory). */
bool apart_call(void (*function)(void *argument), void *argument);

#endif
