#ifndef CURVESHIM_CERTS_JSON_H
#define CURVESHIM_CERTS_JSON_H

#include <stddef.h>

/* A strict reader of JSON objects (RFC 8259, in UTF-8 without surrogates or overlong forms), for
 * lines that anybody may have written. Pure, allocates nothing, and its work is linear. */

#define JSON_LENGTH_MAX 8192
#define JSON_MEMBERS 64
#define JSON_DEPTH 16 /* of arrays and objects in the object */

enum json_kind { JSON_TEXT, JSON_NUMBER, JSON_OTHER };

struct json_member {
    const char *name;
    const char
        *text; /* decoded; a number as it is spelt; "" of other kinds, which are checked only */
    enum json_kind kind;
};

struct json_object {
    size_t count;
    struct json_member members[JSON_MEMBERS];
    char room[JSON_LENGTH_MAX]; /* what the members point into */
};

/* NULL, or what is wrong: object holds nothing to be used then. More than the object, white space
 * aside, is wrong too, and so is a NUL in a string. */
const char *json_read(struct json_object *object, const char *text, size_t length);

/* The text of the member of that name; NULL if there is none, or more than one. */
const char *json_get(const struct json_object *object, const char *name);

#endif
