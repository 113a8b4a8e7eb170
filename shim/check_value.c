#include "shim/check_value.h"

#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "certs/printable.h"

#define EXIT_UNKNOWN 2

enum kind { KIND_NULL, KIND_BOOL, KIND_NUMBER, KIND_TEXT, KIND_ARRAY, KIND_OBJECT };

struct check_value {
    enum kind kind;
    int64_t number;
    char *text;
    char *key; /* in an object */
    struct check_value *first, *last, *next;
    size_t count;
};

void *check_allocate(size_t size)
{
    void *memory = calloc(1, size != 0 ? size : 1);

    if (memory == NULL)
        err(EXIT_UNKNOWN, "memory");
    return memory;
}

char *check_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        err(EXIT_UNKNOWN, "memory");
    va_end(arguments);
    return text;
}

static struct check_value *value_new(enum kind kind)
{
    struct check_value *value = check_allocate(sizeof *value);

    value->kind = kind;
    return value;
}

static struct check_value *text_new(const char *text)
{
    struct check_value *value = value_new(text != NULL ? KIND_TEXT : KIND_NULL);

    if (text != NULL)
        value->text = check_format("%s", text);
    return value;
}

struct check_value *check_object_new(void)
{
    return value_new(KIND_OBJECT);
}

struct check_value *check_array_new(void)
{
    return value_new(KIND_ARRAY);
}

void check_value_free(struct check_value *value)
{
    struct check_value *child, *next;

    if (value == NULL)
        return;
    for (child = value->first; child != NULL; child = next) {
        next = child->next;
        check_value_free(child);
    }
    free(value->text);
    free(value->key);
    free(value);
}

void check_add(struct check_value *array, struct check_value *value)
{
    if (array->last != NULL)
        array->last->next = value;
    else
        array->first = value;
    array->last = value;
    array->count++;
}

void check_add_text(struct check_value *array, const char *text)
{
    check_add(array, text_new(text));
}

void check_set(struct check_value *object, const char *key, struct check_value *value)
{
    value->key = check_format("%s", key);
    check_add(object, value);
}

void check_set_text(struct check_value *object, const char *key, const char *text)
{
    check_set(object, key, text_new(text));
}

void check_set_number(struct check_value *object, const char *key, int64_t number)
{
    struct check_value *value = value_new(KIND_NUMBER);

    value->number = number;
    check_set(object, key, value);
}

void check_set_bool(struct check_value *object, const char *key, bool truth)
{
    struct check_value *value = value_new(KIND_BOOL);

    value->number = truth;
    check_set(object, key, value);
}

size_t check_count(const struct check_value *value)
{
    return value->count;
}

const char *check_text_at(const struct check_value *array, size_t index)
{
    const struct check_value *value = array->first;

    while (value != NULL && index-- != 0)
        value = value->next;
    return value != NULL && value->text != NULL ? value->text : "";
}

void check_write_escaped(FILE *out, const char *text, bool json)
{
    while (*text != '\0') {
        size_t length = printable_character(text);

        if (length == 0) {
            unsigned char byte = (unsigned char)*text;

            if (!json)
                fprintf(out, "\\x%02x", byte);
            else if (byte < 0x80)
                fprintf(out, "\\u%04x", byte);
            else
                fputs("\\ufffd", out);
            length = 1;
        } else {
            if (json && (*text == '"' || *text == '\\'))
                fputc('\\', out);
            fwrite(text, 1, length, out);
        }
        text += length;
    }
}

void check_write_json(FILE *out, const char *text)
{
    if (text == NULL) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    check_write_escaped(out, text, true);
    fputc('"', out);
}

void check_value_write(FILE *out, const struct check_value *value)
{
    switch (value->kind) {
    case KIND_NULL:
        fputs("null", out);
        return;
    case KIND_BOOL:
        fputs(value->number ? "true" : "false", out);
        return;
    case KIND_NUMBER:
        fprintf(out, "%" PRId64, value->number);
        return;
    case KIND_TEXT:
        check_write_json(out, value->text);
        return;
    case KIND_ARRAY:
    case KIND_OBJECT:
        break;
    }
    fputc(value->kind == KIND_ARRAY ? '[' : '{', out);
    for (const struct check_value *child = value->first; child != NULL; child = child->next) {
        if (child != value->first)
            fputs(", ", out);
        if (value->kind == KIND_OBJECT) {
            check_write_json(out, child->key);
            fputs(": ", out);
        }
        check_value_write(out, child);
    }
    fputc(value->kind == KIND_ARRAY ? ']' : '}', out);
}
