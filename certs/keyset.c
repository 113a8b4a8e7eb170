#include "certs/keyset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certs/scan.h"
#include "certs/tool.h"

int keyset_add(struct keyset *set, const uint8_t key[KEY_BYTES], const char *file, const char *name)
{
    if (set->count == set->room) {
        size_t room = set->room == 0 ? 64 : 2 * set->room;
        void *entries = realloc(set->entries, room * sizeof *set->entries);

        if (entries == NULL)
            return -1;
        set->entries = entries;
        set->room = room;
    }
    memcpy(set->entries[set->count].key, key, KEY_BYTES);
    set->entries[set->count].file = strdup(file);
    set->entries[set->count].name = strdup(name != NULL ? name : "");
    set->count++;
    if (set->entries[set->count - 1].file == NULL || set->entries[set->count - 1].name == NULL)
        return -1;
    return 0;
}

static void visit(const struct scanned *scanned, void *context)
{
    struct keyset *set = context;

    if (scanned->certificate == NULL) {
        tool_complain("warning: not read: %s", scanned->error->text);
        set->unreadable++;
    } else if (keyset_add(set, scanned->certificate->public_key, scanned->name,
                          certificate_metadata(scanned->certificate, "name")) != 0) {
        set->unreadable++;
    }
}

int keyset_load(struct keyset *set, int dirfd, const char *directory, struct cert_error *error)
{
    memset(set, 0, sizeof *set);
    if (dirfd < 0)
        return 0;
    return scan_certificates(dirfd, directory, ".key", CERT_NEED_PUBLIC, visit, set, error);
}

const char *keyset_find(const struct keyset *set, const uint8_t key[KEY_BYTES])
{
    for (size_t i = 0; i < set->count; i++)
        if (memcmp(set->entries[i].key, key, KEY_BYTES) == 0)
            return set->entries[i].file;
    return NULL;
}

void keyset_free(struct keyset *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->entries[i].file);
        free(set->entries[i].name);
    }
    free(set->entries);
    memset(set, 0, sizeof *set);
}
