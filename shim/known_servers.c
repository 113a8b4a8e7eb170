#include "shim/known_servers.h"

#include <errno.h>
#include <string.h>

#include "shim/glob.h"

void known_servers_start(struct known_servers *reader, const char *text, size_t length,
                         const char *file)
{
    memset(reader, 0, sizeof *reader);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    reader->text = text;
    reader->length = length;
    reader->file = file;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Copies the next word of a line; returns its length, 0 at the line's end. */
static size_t take_word(char word[KNOWN_SERVER_WORD], const char **at, const char *end)
{
    size_t length = 0;

    while (*at < end && is_blank(**at))
        ++*at;
    for (; *at < end && !is_blank(**at); ++*at, length++)
        if (length < KNOWN_SERVER_WORD - 1)
            word[length] = **at;
    word[length < KNOWN_SERVER_WORD ? length : KNOWN_SERVER_WORD - 1] = '\0';
    return length;
}

static int read_line(struct known_servers *reader, const char *at, const char *end,
                     struct known_server *entry, struct cert_error *error)
{
    char excess[KNOWN_SERVER_WORD];
    size_t glob, value;

    if (memchr(at, '\0', (size_t)(end - at)) != NULL)
        return cert_fail(error, EINVAL, "%s:%u: there is a NUL byte: this is not a text file",
                         reader->file, reader->line);
    glob = take_word(entry->glob, &at, end);
    if (glob == 0 || entry->glob[0] == '#')
        return 0;
    value = take_word(entry->value, &at, end);
    if (value == 0 || take_word(excess, &at, end) != 0)
        return cert_fail(error, EINVAL,
                         "%s:%u: two words are expected: ENDPOINT-GLOB  CERT-FILE-or-Z85",
                         reader->file, reader->line);
    if (glob >= KNOWN_SERVER_WORD || value >= KNOWN_SERVER_WORD)
        return cert_fail(error, EINVAL, "%s:%u: a word of more than %d bytes", reader->file,
                         reader->line, KNOWN_SERVER_WORD - 1);
    entry->line = reader->line;
    return 1;
}

int known_servers_next(struct known_servers *reader, struct known_server *entry,
                       struct cert_error *error)
{
    while (reader->at < reader->length) {
        const char *start = reader->text + reader->at;
        size_t rest = reader->length - reader->at;
        const char *newline = memchr(start, '\n', rest);
        size_t length = newline != NULL ? (size_t)(newline - start) : rest;
        int result;

        reader->at += length + 1;
        reader->line++;
        result = read_line(reader, start, start + length, entry, error);
        if (result != 0)
            return result;
    }
    return 0;
}

int known_servers_find(struct known_server *found, const char *text, size_t length,
                       const char *file, const char *endpoint, struct cert_error *error)
{
    struct known_servers reader;
    struct known_server entry;
    int result, any = 0;

    known_servers_start(&reader, text, length, file);
    while ((result = known_servers_next(&reader, &entry, error)) == 1)
        if (!any && glob_match(entry.glob, endpoint)) {
            *found = entry;
            any = 1;
        }
    return result < 0 ? -1 : any;
}
