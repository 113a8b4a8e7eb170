#ifndef CURVESHIM_SHIM_CHECK_VALUE_H
#define CURVESHIM_SHIM_CHECK_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Values as JSON knows them: what a check found out, in the order in which it was found. Memory
 * that can't be had ends the program: half an answer would mislead. */

struct check_value;

struct check_value *check_object_new(void);
struct check_value *check_array_new(void);
void check_value_free(struct check_value *value);

/* Into an object. The text is copied; NULL becomes null. */
void check_set(struct check_value *object, const char *key, struct check_value *value);
void check_set_text(struct check_value *object, const char *key, const char *text);
void check_set_number(struct check_value *object, const char *key, int64_t number);
void check_set_bool(struct check_value *object, const char *key, bool truth);

/* Onto an array. */
void check_add(struct check_value *array, struct check_value *value);
void check_add_text(struct check_value *array, const char *text);

size_t check_count(const struct check_value *value);
/* The text of an array's element; "" if it isn't text. */
const char *check_text_at(const struct check_value *array, size_t index);

void check_value_write(FILE *out, const struct check_value *value);

/* Text from files, processes and peers: control characters and what is not UTF-8 are escaped. */
void check_write_escaped(FILE *out, const char *text, bool json);
/* A JSON string, or null. */
void check_write_json(FILE *out, const char *text);

void *check_allocate(size_t size);
char *check_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
