#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "certs/certificate.h"
#include "certs/zpl.h"

/* A ZPL file, item by item and as a certificate. */

static unsigned walk(const char *text, size_t size)
{
    struct zpl_reader reader;
    struct zpl_item item;
    struct cert_error error = {0};
    unsigned line = 0, items = 0;
    int result;

    zpl_start(&reader, text, size, "FILE");
    while ((result = zpl_next(&reader, &item, &error)) == 1) {
        CHECK(item.line >= line);
        CHECK(item.length < ZPL_VALUE && item.value[item.length] == '\0');
        CHECK(strlen(item.path) > 0 && strlen(item.path) < ZPL_PATH);
        CHECK(item.has_value || item.length == 0);
        line = item.line;
        items++;
    }
    if (result != 0)
        CHECK(result == -1 && error.code != 0 && strstr(error.text, "FILE") != NULL);
    return items;
}

/* What was read is what a second reading of its own spelling would give. */
static void check_key(const uint8_t key[KEY_BYTES])
{
    char text[KEY_Z85 + 1];
    uint8_t again[KEY_BYTES];

    z85_encode_key(text, key);
    CHECK(strlen(text) == KEY_Z85);
    CHECK(z85_decode_key(again, text, KEY_Z85));
    CHECK(memcmp(again, key, KEY_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct certificate certificate;
    struct cert_error error = {0};
    const char *text = (const char *)data;
    unsigned items = walk(text, size);

    if (certificate_parse(&certificate, text, size, "FILE", &error) == 0) {
        CHECK(certificate.has_public || certificate.has_secret || items == 0 ||
              certificate.metadata_count <= items);
        CHECK(certificate.metadata_count <= CERT_METADATA_MAX);
        CHECK(certificate.pool_used <= CERT_POOL);
        if (certificate.has_public)
            check_key(certificate.public_key);
        if (certificate.has_secret)
            check_key(certificate.secret_key);
        for (unsigned i = 0; i < certificate.metadata_count; i++) {
            const char *name = certificate.metadata[i].name;

            CHECK(name >= certificate.pool && name < certificate.pool + CERT_POOL);
            CHECK(certificate_metadata(&certificate, name) != NULL);
        }
    } else {
        CHECK(strstr(error.text, "FILE") != NULL);
    }
    certificate_wipe(&certificate);
    for (size_t i = 0; i < KEY_BYTES; i++)
        CHECK(certificate.secret_key[i] == 0);
    return 0;
}
