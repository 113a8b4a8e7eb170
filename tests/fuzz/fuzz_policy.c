#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shim/policy.h"
#include "shim/rfc3339.h"

/* Three lines, address, endpoint and time, and the certificate that has to allow them. */

struct asked {
    char *address;
    char *endpoint;
    struct access access;
};

static void ask(struct asked *asked, const uint8_t **data, size_t *size)
{
    struct fuzz_piece piece = fuzz_cut(data, size, '\n');

    asked->address = fuzz_text(piece.data, piece.size);
    piece = fuzz_cut(data, size, '\n');
    asked->endpoint = fuzz_text(piece.data, piece.size);
    piece = fuzz_cut(data, size, '\n');
    asked->access.address = asked->address;
    asked->access.endpoint = asked->endpoint;
    asked->access.resolved = "";
    asked->access.now = 0;
    for (size_t i = 0; i < piece.size && i < 12; i++)
        asked->access.now = asked->access.now * 10 + piece.data[i] % 10;
}

static void check_times(const struct policy *policy, struct access access)
{
    const char *refusal = policy_refusal(policy, &access);
    int64_t next = policy_next_change(policy, access.now);
    const bool by_time = refusal != NULL &&
                         (strcmp(refusal, "expired") == 0 || strcmp(refusal, "not yet valid") == 0);

    CHECK(next > access.now);
    if (access.now >= policy->expires || access.now < policy->not_before)
        CHECK(refusal != NULL);
    if (next == INT64_MAX)
        return;
    /* Nothing changes before, and by then it did. */
    access.now = next - 1;
    CHECK(policy_refusal(policy, &access) == refusal);
    access.now = next;
    if (refusal == NULL)
        CHECK(policy_refusal(policy, &access) != NULL);
    else if (by_time)
        CHECK(policy_refusal(policy, &access) != refusal);
}

static void check(const struct policy *policy, const struct certificate *certificate,
                  const struct access *access)
{
    const char *refusal = policy_refusal(policy, access);
    const char *expires = certificate_metadata(certificate, "expires");
    int64_t at;

    CHECK(policy->name != NULL);
    CHECK(memcmp(policy->key, certificate->public_key, KEY_BYTES) == 0);
    if (expires != NULL) {
        CHECK(rfc3339_parse(&at, expires));
        if (at <= access->now)
            CHECK(refusal != NULL);
    }
    if (certificate_metadata(certificate, "endpoints") != NULL && refusal == NULL)
        CHECK(glob_list_match(&policy->endpoints, access->endpoint) ||
              glob_list_match(&policy->endpoints, access->resolved));
    if (certificate_metadata(certificate, "addresses") != NULL && refusal == NULL)
        CHECK(cidr_list_match(&policy->addresses, access->address));
    check_times(policy, *access);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct certificate certificate;
    struct cert_error error = {0};
    struct asked asked;
    struct policy *policy = NULL;

    ask(&asked, &data, &size);
    if (certificate_parse(&certificate, (const char *)data, size, "FILE", &error) == 0 &&
        certificate.has_public)
        policy = policy_new(&certificate, "FILE", "stem", &error);
    if (policy != NULL)
        check(policy, &certificate, &asked.access);
    policy_free(policy);
    certificate_wipe(&certificate);
    free(asked.address);
    free(asked.endpoint);
    return 0;
}
