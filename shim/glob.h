#ifndef CURVESHIM_SHIM_GLOB_H
#define CURVESHIM_SHIM_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* Endpoint globs: '*' matches any run of characters, '?' any one; both also match '/' and ':'.
 * Everything else, brackets too, is literal: IPv6 endpoints are full of brackets. Pure. */
bool glob_match(const char *glob, const char *text);

/* A list of globs separated by white space or commas, in one allocation. */
struct glob_list {
    size_t count;
    char *text; /* count NUL-terminated globs, one after the other; owned */
};

/* 0, or -1 (out of memory; the list is then empty). An empty text gives an empty list. */
int glob_list_parse(struct glob_list *list, const char *text);
bool glob_list_match(const struct glob_list *list, const char *text);
void glob_list_free(struct glob_list *list);

#endif
