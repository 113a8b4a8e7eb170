#include "certs/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What is decoded is never longer than what was read: room for the whole text is room enough. */
struct reader {
    const unsigned char *at;
    const unsigned char *end;
    char *room;
};

static int take(struct reader *reader, unsigned char c)
{
    return reader->at < reader->end && *reader->at == c ? (reader->at++, 1) : 0;
}

static int take_hex(struct reader *reader, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit;

        if (reader->at == reader->end || *reader->at == '\0' ||
            (digit = strchr(digits, *reader->at | 0x20)) == NULL)
            return 0;
        *value = *value * 16 + (uint32_t)(digit - digits);
    }
    return 1;
}

static size_t encode(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

static int take_escape(struct reader *reader, uint32_t *code)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t low;

    if (reader->at == reader->end)
        return 0;
    if (take(reader, 'u')) {
        if (!take_hex(reader, code))
            return 0;
        if (*code >= 0xdc00 && *code <= 0xdfff)
            return 0;
        if (*code < 0xd800 || *code > 0xdbff)
            return 1;
        if (!take(reader, '\\') || !take(reader, 'u') || !take_hex(reader, &low) || low < 0xdc00 ||
            low > 0xdfff)
            return 0;
        *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
        return 1;
    }
    for (size_t i = 0; i < sizeof from - 1; i++)
        if (*reader->at == (unsigned char)from[i]) {
            reader->at++;
            *code = (unsigned char)to[i];
            return 1;
        }
    return 0;
}

static int take_utf8(struct reader *reader, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = *reader->at++;
    int length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (length == 0 || first > 0xf4)
        return 0;
    *code = length == 1 ? first : first & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if (reader->at == reader->end || (*reader->at & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (*reader->at++ & 0x3fu);
    }
    return *code >= least[length] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
}

/* Decodes into the room; *out may be NULL. */
static const char *take_text(struct reader *reader, const char **out)
{
    char *start = reader->room;

    if (!take(reader, '"'))
        return "a string is expected";
    while (!take(reader, '"')) {
        uint32_t code;

        if (reader->at == reader->end)
            return "a string does not end";
        if (take(reader, '\\')) {
            if (!take_escape(reader, &code))
                return "a bad escape";
        } else if (*reader->at < 0x20) {
            return "a control character in a string";
        } else if (!take_utf8(reader, &code)) {
            return "a string is not UTF-8";
        }
        if (code == 0)
            return "a NUL in a string";
        reader->room += encode(reader->room, code);
    }
    *reader->room++ = '\0';
    if (out != NULL)
        *out = start;
    else
        reader->room = start;
    return NULL;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && *reader->at != '\0' && strchr(" \t\r\n", *reader->at))
        reader->at++;
}

static bool take_digits(struct reader *reader)
{
    const unsigned char *start = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start;
}

static const char *take_number(struct reader *reader, const char **out)
{
    const unsigned char *start = reader->at, *digits;

    (void)take(reader, '-');
    digits = reader->at;
    if (!take_digits(reader) || (*digits == '0' && reader->at - digits > 1))
        return "a value is expected";
    if (take(reader, '.') && !take_digits(reader))
        return "a number ends in '.'";
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '-'))
            (void)take(reader, '+');
        if (!take_digits(reader))
            return "a number has no exponent";
    }
    if (out == NULL)
        return NULL;
    *out = reader->room;
    memcpy(reader->room, start, (size_t)(reader->at - start));
    reader->room += reader->at - start;
    *reader->room++ = '\0';
    return NULL;
}

static bool take_word(struct reader *reader)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(reader->end - reader->at) >= length &&
            memcmp(reader->at, words[i], length) == 0) {
            reader->at += length;
            return true;
        }
    }
    return false;
}

static const char *take_name(struct reader *reader, const char **out)
{
    const char *wrong = take_text(reader, out);

    if (wrong != NULL)
        return wrong;
    skip_blanks(reader);
    if (!take(reader, ':'))
        return "':' is expected";
    skip_blanks(reader);
    return NULL;
}

/* A value without others in it. */
static const char *take_scalar(struct reader *reader, struct json_member *member)
{
    const char **out = member != NULL ? &member->text : NULL;
    enum json_kind kind;
    const char *wrong = NULL;

    if (reader->at < reader->end && *reader->at == '"') {
        kind = JSON_TEXT;
        wrong = take_text(reader, out);
    } else if (take_word(reader)) {
        kind = JSON_OTHER;
    } else {
        kind = JSON_NUMBER;
        wrong = take_number(reader, out);
    }
    if (member != NULL)
        member->kind = kind;
    return wrong;
}

/* The opening bracket of an array or object: its closing one, or 0. */
static char take_opening(struct reader *reader)
{
    return take(reader, '{') ? '}' : take(reader, '[') ? ']' : '\0';
}

/* Checks an array or object whose opening bracket is taken. */
static const char *skip_nested(struct reader *reader, char close)
{
    char closes[JSON_DEPTH] = {close};
    size_t depth = 1;
    bool fresh = true; /* nothing in it yet */

    while (depth > 0) {
        const char *wrong = NULL;

        skip_blanks(reader);
        if (take(reader, (unsigned char)closes[depth - 1])) {
            depth--;
            fresh = false;
            continue;
        }
        if (!fresh && !take(reader, ','))
            return "',' is expected";
        skip_blanks(reader);
        if (closes[depth - 1] == '}' && (wrong = take_name(reader, NULL)) != NULL)
            return wrong;
        close = take_opening(reader);
        fresh = close != '\0';
        if (!fresh && (wrong = take_scalar(reader, NULL)) != NULL)
            return wrong;
        if (fresh && depth == JSON_DEPTH)
            return "too many levels for this reader";
        if (fresh)
            closes[depth++] = close;
    }
    return NULL;
}

static const char *take_member(struct reader *reader, struct json_member *member)
{
    const char *wrong = take_name(reader, &member->name);
    char close;

    if (wrong != NULL)
        return wrong;
    member->text = "";
    if ((close = take_opening(reader)) == '\0')
        return take_scalar(reader, member);
    member->kind = JSON_OTHER;
    return skip_nested(reader, close);
}

const char *json_read(struct json_object *object, const char *text, size_t length)
{
    struct reader reader = {(const unsigned char *)text, (const unsigned char *)text + length,
                            object->room};
    const char *wrong = NULL;

    object->count = 0;
    if (length > sizeof object->room)
        return "the line is too long for this reader";
    skip_blanks(&reader);
    if (!take(&reader, '{'))
        return "an object is expected";
    skip_blanks(&reader);
    if (!take(&reader, '}')) {
        do {
            skip_blanks(&reader);
            if (object->count == JSON_MEMBERS)
                return "too many members for this reader";
            if ((wrong = take_member(&reader, &object->members[object->count++])) != NULL)
                return wrong;
            skip_blanks(&reader);
        } while (take(&reader, ','));
        if (!take(&reader, '}'))
            return "'}' is expected";
    }
    skip_blanks(&reader);
    return reader.at == reader.end ? NULL : "there is something behind the object";
}

const char *json_get(const struct json_object *object, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < object->count; i++)
        if (strcmp(object->members[i].name, name) == 0) {
            if (found != NULL)
                return NULL;
            found = object->members[i].text;
        }
    return found;
}
