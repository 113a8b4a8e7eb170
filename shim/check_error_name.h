#ifndef CURVESHIM_SHIM_CHECK_ERROR_NAME_H
#define CURVESHIM_SHIM_CHECK_ERROR_NAME_H

/* The name of an errno that a connection may end with, such as "ECONNREFUSED"; "another" for the
 * rest. Static; not every C library has strerrorname_np. */
const char *check_error_name(int error);

#endif
