#ifndef CURVESHIM_SHIM_NEXT_FUNCTION_H
#define CURVESHIM_SHIM_NEXT_FUNCTION_H

/* The definition of a function that the program would have found without this library: the first
 * one behind it in the order of loading. Found in the objects' own tables, since asking dlsym for
 * it would come back to us. NULL if there is none. Thread-safe; no allocation. */
void *next_function(const char *name);

/* Around the look-ups that are made once, when the library is loaded: they are cheaper between. */
void next_function_begin(void);
void next_function_end(void);

#endif
