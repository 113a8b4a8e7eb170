#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shim/glob.h"
#include "shim/known_servers.h"

/* A line with an endpoint, and the known_servers file that it is looked up in. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct known_server entry, found, first;
    struct fuzz_piece piece = fuzz_cut(&data, &size, '\n');
    char *endpoint = fuzz_text(piece.data, piece.size);
    const char *text = (const char *)data;
    struct known_servers reader;
    struct cert_error error = {0};
    unsigned matches = 0, line = 0;
    int result;

    known_servers_start(&reader, text, size, "FILE");
    while ((result = known_servers_next(&reader, &entry, &error)) == 1) {
        CHECK(entry.line > line);
        line = entry.line;
        CHECK(entry.glob[0] != '\0' && strlen(entry.glob) < KNOWN_SERVER_WORD);
        CHECK(entry.value[0] != '\0' && strlen(entry.value) < KNOWN_SERVER_WORD);
        if (glob_match(entry.glob, endpoint) && matches++ == 0)
            first = entry;
    }
    if (result < 0)
        CHECK(strstr(error.text, "FILE") != NULL);
    CHECK(known_servers_find(&found, text, size, "FILE", endpoint, &error) ==
          (result < 0 ? -1 : matches > 0));
    if (result == 0 && matches > 0) {
        CHECK(found.line == first.line);
        CHECK(strcmp(found.value, first.value) == 0);
    }
    free(endpoint);
    return 0;
}
