#include "certs/certificate.h"

#include <errno.h>
#include <string.h>

#include "certs/wipe.h"
#include "certs/zpl.h"

static const char *pool_add(struct certificate *certificate, const char *text, size_t length)
{
    char *at = certificate->pool + certificate->pool_used;

    if (length + 1 > sizeof certificate->pool - certificate->pool_used)
        return NULL;
    memcpy(at, text, length);
    at[length] = '\0';
    certificate->pool_used += length + 1;
    return at;
}

static int take_key(const struct zpl_item *item, uint8_t key[KEY_BYTES], bool *has,
                    const char *what, const char *file, struct cert_error *error)
{
    uint8_t any = 0;

    if (*has)
        return cert_fail(error, EINVAL, "%s:%u: a second %s", file, item->line, what);
    if (!z85_decode_key(key, item->value, item->length))
        return cert_fail(error, EINVAL,
                         "%s:%u: %s is not a CURVE key: %u Z85 characters in double quotes are "
                         "expected, %zu were read",
                         file, item->line, what, KEY_Z85, item->length);
    for (size_t i = 0; i < KEY_BYTES; i++)
        any |= key[i];
    if (any == 0)
        return cert_fail(error, EINVAL,
                         "%s:%u: %s is all zero, which protects nothing: make a new certificate",
                         file, item->line, what);
    *has = true;
    return 0;
}

static int take_metadata(struct certificate *certificate, const struct zpl_item *item,
                         const char *file, struct cert_error *error)
{
    const char *name = item->path + strlen("metadata/");
    unsigned n = certificate->metadata_count;

    if (!item->has_value)
        return 0;
    if (certificate_metadata(certificate, name) != NULL)
        return cert_fail(error, EINVAL, "%s:%u: metadata '%s' is given twice", file, item->line,
                         name);
    if (n == CERT_METADATA_MAX)
        return cert_fail(error, EINVAL, "%s:%u: more than %d metadata entries", file, item->line,
                         CERT_METADATA_MAX);
    certificate->metadata[n].name = pool_add(certificate, name, strlen(name));
    certificate->metadata[n].value = pool_add(certificate, item->value, item->length);
    certificate->metadata[n].line = item->line;
    if (certificate->metadata[n].name == NULL || certificate->metadata[n].value == NULL)
        return cert_fail(error, EINVAL, "%s:%u: more than %d bytes of metadata", file, item->line,
                         CERT_POOL);
    certificate->metadata_count++;
    return 0;
}

static int take_item(struct certificate *certificate, const struct zpl_item *item, const char *file,
                     struct cert_error *error)
{
    if (strcmp(item->path, "curve/public-key") == 0)
        return take_key(item, certificate->public_key, &certificate->has_public, "public-key", file,
                        error);
    if (strcmp(item->path, "curve/secret-key") == 0)
        return take_key(item, certificate->secret_key, &certificate->has_secret, "secret-key", file,
                        error);
    if (strncmp(item->path, "metadata/", strlen("metadata/")) == 0)
        return take_metadata(certificate, item, file, error);
    return 0;
}

int certificate_parse(struct certificate *certificate, const char *text, size_t length,
                      const char *file, struct cert_error *error)
{
    struct zpl_reader reader;
    struct zpl_item item;
    int result;

    certificate->has_public = certificate->has_secret = false;
    certificate->metadata_count = 0;
    certificate->pool_used = 0;
    zpl_start(&reader, text, length, file);
    while ((result = zpl_next(&reader, &item, error)) == 1)
        if (take_item(certificate, &item, file, error) != 0) {
            result = -1;
            break;
        }
    wipe(&item, sizeof item);
    return result;
}

const char *certificate_metadata(const struct certificate *certificate, const char *name)
{
    for (unsigned i = 0; i < certificate->metadata_count; i++)
        if (strcmp(certificate->metadata[i].name, name) == 0)
            return certificate->metadata[i].value;
    return NULL;
}

void certificate_wipe(struct certificate *certificate)
{
    size_t used = certificate->pool_used;

    wipe(certificate->pool, used < sizeof certificate->pool ? used : sizeof certificate->pool);
    wipe(certificate, offsetof(struct certificate, pool));
}
