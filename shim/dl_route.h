#ifndef CURVESHIM_SHIM_DL_ROUTE_H
#define CURVESHIM_SHIM_DL_ROUTE_H

/* What becomes of the program's dlsym, dlvsym and dlopen. dl_entry.c calls these and then jumps to
 * the function that they return, so that glibc sees the program as its caller: RTLD_NEXT,
 * RTLD_DEFAULT, RUNPATH and dlerror work as ever. Thread-safe; no allocation. */

/* The function to jump to with the same arguments; or NULL, and *result is the answer. */
void *dl_route_dlsym(void *handle, const char *name, const void *caller, void **result);
void *dl_route_dlvsym(void *handle, const char *name, const char *version, const void *caller,
                      void **result);

/* The flags to pass on; *target is the function to jump to. */
int dl_route_dlopen(const char *file, int flags, void **target);

/* Finds the real functions, before anybody can fork. */
void dl_route_resolve(void);

#endif
