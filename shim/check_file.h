#ifndef CURVESHIM_SHIM_CHECK_FILE_H
#define CURVESHIM_SHIM_CHECK_FILE_H

#include "shim/check_result.h"
#include "shim/check_search.h"

/* Files: can the preload secure them, and if not why. */

/* Any file. The depth counts interpreters of interpreters; start with 0. */
void check_file(struct check_result *result, const char *path, unsigned depth);

/* ELF that is neither broken nor of another kind; the object is taken over. */
void check_program(struct check_result *result, struct check_object *object,
                   const struct check_bytes *bytes);

/* "#!" files and what java runs. */
void check_script(struct check_result *result, const char *path, const struct check_bytes *bytes,
                  unsigned depth);
void check_archive(struct check_result *result, const char *path, const struct check_bytes *bytes,
                   unsigned depth);

/* Set-id bits and file capabilities: with them the dynamic linker ignores LD_PRELOAD. */
void check_privileges(struct check_result *result, const char *path, const struct stat *status);

/* Machine, class and libc, compared with those of this program, which are the shim's. */
bool check_fits(struct check_result *result, const struct check_object *object);

/* What a copy of libzmq means for its users; also said of the copies in a process. */
void check_copy_judge(struct check_result *result, const struct check_object *object);

/* The file that a name means: itself, or what PATH has. To be freed; NULL if there is none. */
char *check_file_find(const char *name);

#endif
