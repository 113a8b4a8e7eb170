#include "certs/revocation.h"

#include "certs/tool.h"

/* What the shim can't read it can't enforce: metadata that is not sound is left behind. */
static void sound_metadata(struct metadata *metadata, const struct certificate *certificate)
{
    for (unsigned i = 0; i < certificate->metadata_count; i++)
        metadata_set(metadata, certificate->metadata[i].name, certificate->metadata[i].value, NULL);
}

static int add_revoked(struct store *store, const struct certificate *certificate, const char *stem,
                       struct cert_error *error)
{
    struct metadata metadata = {0};
    struct keyset revoked;
    const char *already;
    char file[256];
    int result = 0;

    if (keyset_load(&revoked, store->revoked.fd, store->revoked.path, error) != 0)
        return -1;
    already = keyset_find(&revoked, certificate->public_key);
    sound_metadata(&metadata, certificate);
    if (already == NULL)
        result = store_add(store, &store->revoked, stem, &metadata, certificate->public_key, file,
                           error);
    if (result == 0)
        tool_say("%s %s/%s", already != NULL ? "already revoked:" : "revoked: made",
                 store->revoked.path, already != NULL ? already : file);
    keyset_free(&revoked);
    return result;
}

int revocation(struct store *store, const struct certificate *certificate, const char *stem,
               struct cert_error *error)
{
    char key[KEY_Z85 + 1];
    int removed = 0;

    z85_encode_key(key, certificate->public_key);
    tool_say("key %s", key);
    if (store_make(store, REVOKED, error) < 0 || add_revoked(store, certificate, stem, error) != 0)
        return -1;
    if (store->authorized.fd >= 0)
        removed = store_remove(&store->authorized, certificate->public_key, error);
    if (removed == 0)
        tool_say("it was not authorized here");
    return removed < 0 ? -1 : 0;
}
