#include "certs/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "certs/format.h"

bool pair_matches(const struct certificate *certificate)
{
    uint8_t derived[KEY_BYTES];

    return crypto_scalarmult_base(derived, certificate->secret_key) == 0 &&
           sodium_memcmp(derived, certificate->public_key, KEY_BYTES) == 0;
}

bool pair_key_is_weak(const uint8_t public_key[KEY_BYTES])
{
    static const uint8_t any_secret[KEY_BYTES] = {1};
    uint8_t shared[KEY_BYTES];

    return crypto_scalarmult(shared, any_secret, public_key) != 0;
}

void pair_today(char text[PAIR_DATE])
{
    time_t now = time(NULL);
    struct tm parts;

    if (gmtime_r(&now, &parts) == NULL ||
        strftime(text, PAIR_DATE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        strcpy(text, "an unknown date");
}

static int write_certificate(int dirfd, const char *directory, const char *file,
                             const struct metadata *metadata, const uint8_t *public_key,
                             const uint8_t *secret_key, enum write_how how,
                             const struct owner *owner, struct cert_error *error)
{
    char *text = sodium_malloc(CERT_FILE_MAX);
    char date[PAIR_DATE];
    long length;
    int result = -1;

    if (text == NULL)
        return cert_fail(error, ENOMEM, "%s/%s: out of memory", directory, file);
    pair_today(date);
    length = certificate_format(text, metadata, public_key, secret_key, date, error);
    if (length >= 0)
        result = write_file(dirfd, directory, file, text, (size_t)length,
                            secret_key != NULL ? 0600 : 0644, how, owner, error);
    sodium_free(text);
    return result;
}

int pair_write_secret(int dirfd, const char *directory, const char *file,
                      const struct metadata *metadata, const struct owner *owner,
                      uint8_t public_key[KEY_BYTES], struct cert_error *error)
{
    uint8_t *secret_key = sodium_malloc(KEY_BYTES);
    int result;

    if (secret_key == NULL)
        return cert_fail(error, ENOMEM, "%s/%s: out of memory", directory, file);
    crypto_box_keypair(public_key, secret_key);
    result = write_certificate(dirfd, directory, file, metadata, public_key, secret_key, WRITE_NEW,
                               owner, error);
    sodium_free(secret_key);
    return result;
}

int pair_copy_secret(int dirfd, const char *directory, const char *file,
                     const struct certificate *certificate, enum write_how how,
                     const struct owner *owner, struct cert_error *error)
{
    struct metadata metadata = {0};

    if (metadata_take(&metadata, certificate, file, error) != 0)
        return -1;
    return write_certificate(dirfd, directory, file, &metadata, certificate->public_key,
                             certificate->secret_key, how, owner, error);
}

int pair_write_public(int dirfd, const char *directory, const char *file,
                      const struct metadata *metadata, const uint8_t public_key[KEY_BYTES],
                      enum write_how how, const struct owner *owner, struct cert_error *error)
{
    return write_certificate(dirfd, directory, file, metadata, public_key, NULL, how, owner, error);
}

static int must_not_exist(int dirfd, const char *directory, const char *file,
                          struct cert_error *error)
{
    struct stat status;

    if (fstatat(dirfd, file, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return cert_fail(error, EEXIST,
                         "%s/%s exists already and is never overwritten: use another name, or "
                         "'rotate' to replace the pair",
                         directory, file);
    if (errno != ENOENT)
        return cert_fail(error, errno, "%s/%s: %s", directory, file, strerror(errno));
    return 0;
}

int pair_write_new(int dirfd, const char *directory, const char *name,
                   const struct metadata *metadata, const struct owner *owner,
                   uint8_t public_key[KEY_BYTES], struct cert_error *error)
{
    char public_file[256], secret_file[256];

    snprintf(public_file, sizeof public_file, "%s.key", name);
    snprintf(secret_file, sizeof secret_file, "%s.key_secret", name);
    if (must_not_exist(dirfd, directory, public_file, error) != 0 ||
        must_not_exist(dirfd, directory, secret_file, error) != 0)
        return -1;
    /* The secret half first: what is missing after a crash can be made from it. */
    if (pair_write_secret(dirfd, directory, secret_file, metadata, owner, public_key, error) != 0)
        return -1;
    if (pair_write_public(dirfd, directory, public_file, metadata, public_key, WRITE_NEW, owner,
                          error) == 0)
        return 0;
    write_remove(dirfd, directory, secret_file, NULL);
    return -1;
}
