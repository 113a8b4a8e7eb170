#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "certs/json.h"

/* A line of a log. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_object object;

    if (json_read(&object, (const char *)data, size) != NULL)
        return 0;
    CHECK(object.count <= JSON_MEMBERS);
    for (size_t i = 0; i < object.count; i++) {
        const char *name = object.members[i].name, *text = object.members[i].text;

        CHECK(name >= object.room && name + strlen(name) < object.room + sizeof object.room);
        CHECK(text != NULL && strlen(text) <= size);
        CHECK(json_get(&object, name) == NULL || json_get(&object, name) == text);
    }
    return 0;
}
