#include <stdint.h>
#include <string.h>

#include "shim/check_search.h"

#define MAGIC "glibc-ld.so.cache1.1"
#define HEADER 48
#define ENTRY 24

static uint32_t word_at(const struct check_bytes *cache, size_t offset)
{
    uint32_t value;

    memcpy(&value, cache->data + offset, sizeof value);
    return value;
}

const char *check_cache_path(const struct check_bytes *cache, const char *name, size_t index)
{
    const unsigned char *start =
        cache->size != 0 ? memmem(cache->data, cache->size, MAGIC, strlen(MAGIC)) : NULL;
    size_t base, count;

    /* Older systems put another format in front. */
    if (start == NULL)
        return NULL;
    base = (size_t)(start - cache->data);
    if (cache->size - base < HEADER)
        return NULL;
    count = word_at(cache, base + strlen(MAGIC));
    if (count > (cache->size - base - HEADER) / ENTRY)
        count = (cache->size - base - HEADER) / ENTRY;
    for (size_t i = 0; i < count; i++) {
        size_t entry = base + HEADER + i * ENTRY;
        const char *key = check_bytes_text(cache, base + word_at(cache, entry + 4), cache->size);

        if (key != NULL && strcmp(key, name) == 0 && index-- == 0)
            return check_bytes_text(cache, base + word_at(cache, entry + 8), cache->size);
    }
    return NULL;
}
