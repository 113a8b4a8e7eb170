#include "certs/metadata.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "certs/printable.h"
#include "shim/cidr.h"
#include "shim/rfc3339.h"

#define NAME_LENGTH_MAX 64
#define VALUE_LENGTH_MAX 900 /* czmq reads lines of at most 1024 bytes */

/* A restriction under a name that nobody reads would restrict nothing. */
static const struct {
    const char *wrong;
    const char *right;
} misnamed[] = {
    {"name", "name"},
    {"endpoints", "endpoints"},
    {"endpoint", "endpoints"},
    {"addresses", "addresses"},
    {"address", "addresses"},
    {"addrs", "addresses"},
    {"cidr", "addresses"},
    {"cidrs", "addresses"},
    {"expires", "expires"},
    {"expire", "expires"},
    {"expiry", "expires"},
    {"expiration", "expires"},
    {"not-after", "expires"},
    {"not_after", "expires"},
    {"notafter", "expires"},
    {"not-before", "not-before"},
    {"not_before", "not-before"},
    {"notbefore", "not-before"},
};

const char *metadata_misnamed(const char *name)
{
    for (size_t i = 0; i < sizeof misnamed / sizeof *misnamed; i++)
        if (strcasecmp(name, misnamed[i].wrong) == 0 && strcmp(name, misnamed[i].right) != 0)
            return misnamed[i].right;
    return NULL;
}

static int check_name(const char *name, struct cert_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (name[0] == '\0' || strlen(name) > NAME_LENGTH_MAX || strchr(letters, name[0]) == NULL ||
        name[strspn(name, others)] != '\0')
        return cert_fail(error, EINVAL,
                         "metadata name '%s': use a letter, then letters, digits, '-', '_' and "
                         "'.', %d at most",
                         name, NAME_LENGTH_MAX);
    /* pyzmq looks for these words at the start of any line. */
    if (strncmp(name, "public-key", 10) == 0 || strncmp(name, "secret-key", 10) == 0)
        return cert_fail(error, EINVAL,
                         "metadata name '%s': pyzmq would take it for the key; use another name",
                         name);
    if (metadata_misnamed(name) != NULL)
        return cert_fail(error, EINVAL, "metadata name '%s': did you mean '%s'?", name,
                         metadata_misnamed(name));
    return 0;
}

static int check_text(const char *name, const char *value, struct cert_error *error)
{
    if (strlen(value) > VALUE_LENGTH_MAX)
        return cert_fail(error, EINVAL, "metadata '%s': the value is longer than %d bytes", name,
                         VALUE_LENGTH_MAX);
    if (!printable(value))
        return cert_fail(error, EINVAL,
                         "metadata '%s': the value has a line break, another control character, or "
                         "bytes that are not UTF-8",
                         name);
    if (strchr(value, '"') != NULL && strchr(value, '\'') != NULL)
        return cert_fail(error, EINVAL,
                         "metadata '%s': the value has both \" and ', and a certificate can hold "
                         "only one kind",
                         name);
    return 0;
}

static int check_addresses(const char *value, struct cert_error *error)
{
    struct cidr_list list;
    const char *bad;
    size_t length = 0;

    if (cidr_list_parse(&list, value, &bad, &length) != 0) {
        if (bad == NULL)
            return cert_fail(error, ENOMEM, "out of memory");
        return cert_fail(error, EINVAL,
                         "metadata 'addresses': '%.*s' is not an address or a CIDR; write for "
                         "example \"192.0.2.0/24 2001:db8::/32\"",
                         (int)length, bad);
    }
    if (list.count == 0)
        cert_fail(error, EINVAL,
                  "metadata 'addresses': there is none; leave it out to allow every address");
    length = list.count;
    cidr_list_free(&list);
    return length == 0 ? -1 : 0;
}

static int check_endpoints(const char *value, struct cert_error *error)
{
    static const char separators[] = " ,";
    const char *at = value + strspn(value, separators);

    if (*at == '\0')
        return cert_fail(
            error, EINVAL,
            "metadata 'endpoints': there is none; leave it out to allow every endpoint");
    for (; *at != '\0'; at += strspn(at, separators)) {
        size_t length = strcspn(at, separators);

        if (memmem(at, length, "://", 3) == NULL && memchr(at, '*', length) == NULL)
            return cert_fail(error, EINVAL,
                             "metadata 'endpoints': '%.*s' matches no endpoint; write for example "
                             "\"tcp://*:5555 ipc:///run/agent/*\"",
                             (int)length, at);
        at += length;
    }
    return 0;
}

static int check_time(const char *name, const char *value, struct cert_error *error)
{
    int64_t seconds;

    if (rfc3339_parse(&seconds, value))
        return 0;
    return cert_fail(error, EINVAL,
                     "metadata '%s': '%s' is not an RFC 3339 time; write for example "
                     "2027-01-31T00:00:00Z",
                     name, value);
}

static int check_value(const char *name, const char *value, struct cert_error *error)
{
    if (check_text(name, value, error) != 0)
        return -1;
    if (strcmp(name, "addresses") == 0)
        return check_addresses(value, error);
    if (strcmp(name, "endpoints") == 0)
        return check_endpoints(value, error);
    if (strcmp(name, "expires") == 0 || strcmp(name, "not-before") == 0)
        return check_time(name, value, error);
    return 0;
}

static unsigned find(const struct metadata *metadata, const char *name)
{
    unsigned i = 0;

    while (i < metadata->count && strcmp(metadata->entries[i].name, name) != 0)
        i++;
    return i;
}

int metadata_set(struct metadata *metadata, const char *name, const char *value,
                 struct cert_error *error)
{
    unsigned i;

    if (check_name(name, error) != 0 || check_value(name, value, error) != 0)
        return -1;
    i = find(metadata, name);
    if (i == CERT_METADATA_MAX)
        return cert_fail(error, EINVAL, "more than %d metadata entries", CERT_METADATA_MAX);
    if (i == metadata->count)
        metadata->count++;
    metadata->entries[i].name = name;
    metadata->entries[i].value = value;
    return 0;
}

int metadata_take(struct metadata *metadata, const struct certificate *certificate,
                  const char *file, struct cert_error *error)
{
    struct cert_error reason;

    for (unsigned i = 0; i < certificate->metadata_count; i++)
        if (metadata_set(metadata, certificate->metadata[i].name, certificate->metadata[i].value,
                         &reason) != 0)
            return cert_fail(error, reason.code, "%s:%u: %.600s", file,
                             certificate->metadata[i].line, reason.text);
    return 0;
}

int metadata_set_argument(struct metadata *metadata, char *argument, struct cert_error *error)
{
    char *equals = strchr(argument, '=');

    if (equals == NULL)
        return cert_fail(error, EINVAL, "--meta %s: NAME=VALUE is expected", argument);
    *equals = '\0';
    return metadata_set(metadata, argument, equals + 1, error);
}

const char *metadata_get(const struct metadata *metadata, const char *name)
{
    unsigned i = find(metadata, name);

    return i == metadata->count ? NULL : metadata->entries[i].value;
}

int metadata_check_validity(const struct metadata *metadata, int64_t now, struct cert_error *error)
{
    const char *from = metadata_get(metadata, "not-before");
    const char *until = metadata_get(metadata, "expires");
    int64_t start, end;

    if (until == NULL || !rfc3339_parse(&end, until))
        return 0;
    if (end <= now)
        return cert_fail(error, EINVAL, "metadata 'expires': %s is past", until);
    if (from != NULL && rfc3339_parse(&start, from) && end <= start)
        return cert_fail(error, EINVAL,
                         "metadata 'expires': %s is not after 'not-before', %s: the certificate "
                         "would never be valid",
                         until, from);
    return 0;
}
