#include "tests/unit/json.h"

#include <stdint.h>
#include <string.h>

struct reader {
    const unsigned char *at;
    const unsigned char *end;
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

static const char *take_text(struct reader *reader, char *out, size_t size)
{
    size_t length = 0;

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
        if (length + 5 > size)
            return "a string is too long for this reader";
        length += encode(out + length, code);
    }
    out[length] = '\0';
    return NULL;
}

static const char *take_integer(struct reader *reader, char *out, size_t size)
{
    const unsigned char *start = reader->at, *digits;

    (void)take(reader, '-');
    digits = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    if (reader->at == digits || (*digits == '0' && reader->at - digits > 1))
        return "a value is neither a string nor an integer";
    if ((size_t)(reader->at - start) >= size)
        return "a number is too long for this reader";
    memcpy(out, start, (size_t)(reader->at - start));
    out[reader->at - start] = '\0';
    return NULL;
}

const char *json_read(struct json_object *object, const char *text, size_t length)
{
    struct reader reader = {(const unsigned char *)text, (const unsigned char *)text + length};

    object->count = 0;
    if (!take(&reader, '{'))
        return "an object is expected";
    do {
        struct json_member *member = &object->members[object->count];
        const char *wrong;

        if (object->count++ == JSON_MEMBERS)
            return "too many members for this reader";
        wrong = take_text(&reader, member->name, sizeof member->name);
        if (wrong == NULL && !take(&reader, ':'))
            wrong = "':' is expected";
        if (wrong != NULL)
            return wrong;
        member->is_text = reader.at < reader.end && *reader.at == '"';
        wrong = member->is_text ? take_text(&reader, member->text, sizeof member->text)
                                : take_integer(&reader, member->text, sizeof member->text);
        if (wrong != NULL)
            return wrong;
    } while (take(&reader, ','));
    if (!take(&reader, '}'))
        return "'}' is expected";
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
