#ifndef CURVESHIM_TESTS_UNIT_JSON_H
#define CURVESHIM_TESTS_UNIT_JSON_H

#include <stddef.h>

/* A strict reader (RFC 8259, UTF-8 without surrogates or overlong forms) of one JSON object whose
 * members are strings and integers. */

#define JSON_MEMBERS 32

struct json_member {
    char name[64];
    char text[8192]; /* decoded; an integer as it is spelt */
    int is_text;
};

struct json_object {
    size_t count;
    struct json_member members[JSON_MEMBERS];
};

/* NULL, or what is wrong. Anything behind the object is wrong too. */
const char *json_read(struct json_object *object, const char *text, size_t length);

/* The decoded text of a member, or NULL; a second member of that name counts as none. */
const char *json_get(const struct json_object *object, const char *name);

#endif
