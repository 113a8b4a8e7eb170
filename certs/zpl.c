#include "certs/zpl.h"

#include <errno.h>
#include <string.h>

void zpl_start(struct zpl_reader *reader, const char *text, size_t length, const char *file)
{
    memset(reader, 0, sizeof *reader);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    reader->at = text;
    reader->end = text + length;
    reader->file = file;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name(char c)
{
    unsigned char u = (unsigned char)c;

    return u > ' ' && u < 0x7f && c != '=' && c != '#' && c != '"' && c != '\'';
}

static int fail(const struct zpl_reader *reader, struct cert_error *error, const char *what)
{
    return cert_fail(error, EINVAL, "%s:%u: %s", reader->file, reader->line, what);
}

/* Finds the parent of a line by its indentation and leaves its path in reader->path. */
static int nest(struct zpl_reader *reader, int indent, const char *name, size_t length,
                struct cert_error *error)
{
    size_t base;

    while (reader->depth > 0 && reader->stack[reader->depth - 1].indent >= indent)
        reader->depth--;
    if (reader->depth == ZPL_DEPTH)
        return fail(reader, error, "sections are nested too deeply");
    base = reader->depth > 0 ? reader->stack[reader->depth - 1].path_length : 0;
    if (base + 1 + length + 1 > sizeof reader->path)
        return fail(reader, error, "this name is too long");
    if (base > 0)
        reader->path[base++] = '/';
    memcpy(reader->path + base, name, length);
    reader->path[base + length] = '\0';
    reader->stack[reader->depth].indent = indent;
    reader->stack[reader->depth].path_length = base + length;
    reader->depth++;
    return 0;
}

static int take_value(struct zpl_reader *reader, const char *at, const char *end,
                      struct zpl_item *item, struct cert_error *error)
{
    const char *stop;

    while (at < end && is_blank(*at))
        at++;
    if (at < end && (*at == '"' || *at == '\'')) {
        char quote = *at++;

        stop = memchr(at, quote, (size_t)(end - at));
        if (stop == NULL)
            return fail(reader, error, "the closing quote is missing");
        for (const char *rest = stop + 1; rest < end && *rest != '#'; rest++)
            if (!is_blank(*rest))
                return fail(reader, error, "there is text after the closing quote");
    } else {
        stop = memchr(at, '#', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        while (stop > at && is_blank(stop[-1]))
            stop--;
    }
    if ((size_t)(stop - at) >= sizeof item->value)
        return fail(reader, error, "this value is too long (2047 bytes at most)");
    item->has_value = true;
    item->length = (size_t)(stop - at);
    memcpy(item->value, at, item->length);
    item->value[item->length] = '\0';
    return 1;
}

static int read_line(struct zpl_reader *reader, const char *at, size_t length,
                     struct zpl_item *item, struct cert_error *error)
{
    const char *end = at + length;
    const char *name;
    int indent = 0;

    if (memchr(at, '\0', length) != NULL)
        return fail(reader, error, "there is a NUL byte: this is not a text file");
    for (; at < end && is_blank(*at); at++)
        indent = *at == '\t' ? (indent / 4 + 1) * 4 : indent + 1;
    if (at == end || *at == '#')
        return 0;
    name = at;
    while (at < end && is_name(*at))
        at++;
    if (at == name)
        return fail(reader, error, "a name is expected here");
    if (nest(reader, indent, name, (size_t)(at - name), error) != 0)
        return -1;
    while (at < end && is_blank(*at))
        at++;
    item->path = reader->path;
    item->line = reader->line;
    item->has_value = false;
    item->length = 0;
    item->value[0] = '\0';
    if (at == end || *at == '#')
        return 1;
    if (*at != '=')
        return fail(reader, error, "'=' is expected after the name");
    return take_value(reader, at + 1, end, item, error);
}

int zpl_next(struct zpl_reader *reader, struct zpl_item *item, struct cert_error *error)
{
    while (reader->at < reader->end) {
        const char *start = reader->at;
        const char *newline = memchr(start, '\n', (size_t)(reader->end - start));
        size_t length = (size_t)((newline != NULL ? newline : reader->end) - start);
        int result;

        reader->at = newline != NULL ? newline + 1 : reader->end;
        reader->line++;
        if (length > 0 && start[length - 1] == '\r')
            length--;
        result = read_line(reader, start, length, item, error);
        if (result != 0)
            return result;
    }
    return 0;
}
