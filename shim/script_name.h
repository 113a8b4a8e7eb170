#ifndef CURVESHIM_SHIM_SCRIPT_NAME_H
#define CURVESHIM_SHIM_SCRIPT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* What an interpreter runs. Pure.
 *
 * command is what /proc/PID/cmdline holds: length bytes, a NUL behind each argument. Takes the file
 * of "python3 -u brain/main.py", the module of "python3 -m voice.brain", the file of "java -jar
 * brain.jar". A relative file gets directory in front (may be NULL); of a name that is too long the
 * end is kept. Nothing else of the command line is taken: arguments may hold secrets. "" where
 * program is no interpreter, or runs code of its command line. */
void script_name(char *name, size_t size, const char *program, const char *command, size_t length,
                 const char *directory);

/* Whether a program of that name is known to run others: "python3.11", "node", "sh". */
bool script_is_interpreter(const char *program);

#endif
