#include "certs/format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "certs/wipe.h"

static const char public_heading[] =
    "#   ZeroMQ CURVE Public Certificate\n"
    "#   Exchange securely, or use a secure mechanism to verify the contents\n"
    "#   of this file after exchange.\n";
static const char secret_heading[] =
    "#   ZeroMQ CURVE **Secret** Certificate\n"
    "#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n";

struct writer {
    char *text;
    size_t length;
};

static void __attribute__((format(printf, 2, 3)))
put(struct writer *writer, const char *format, ...)
{
    size_t room = CERT_FILE_MAX - writer->length;
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(writer->text + writer->length, room, format, arguments);
    va_end(arguments);
    writer->length += (size_t)written < room ? (size_t)written : room;
}

static void put_key(struct writer *writer, const char *name, const uint8_t key[KEY_BYTES])
{
    char z85[KEY_Z85 + 1];

    z85_encode_key(z85, key);
    put(writer, "    %s = \"%s\"\n", name, z85);
    wipe(z85, sizeof z85);
}

long certificate_format(char *text, const struct metadata *metadata,
                        const uint8_t public_key[KEY_BYTES], const uint8_t *secret_key,
                        const char *date, struct cert_error *error)
{
    struct writer writer = {text, 0};
    size_t pool = 0;

    put(&writer, "#   ****  Generated on %s by curveshim-cert  ****\n%s\nmetadata\n", date,
        secret_key != NULL ? secret_heading : public_heading);
    for (unsigned i = 0; i < metadata->count; i++) {
        const char *name = metadata->entries[i].name, *value = metadata->entries[i].value;
        char quote = strchr(value, '"') != NULL ? '\'' : '"';

        put(&writer, "    %s = %c%s%c\n", name, quote, value, quote);
        pool += strlen(name) + strlen(value) + 2;
    }
    put(&writer, "curve\n");
    put_key(&writer, "public-key", public_key);
    if (secret_key != NULL)
        put_key(&writer, "secret-key", secret_key);
    if (pool <= CERT_POOL && writer.length < CERT_FILE_MAX)
        return (long)writer.length;
    wipe(text, CERT_FILE_MAX);
    return cert_fail(error, EINVAL, "more than %d bytes of metadata", CERT_POOL);
}
