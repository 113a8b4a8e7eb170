#include "shim/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/rfc3339.h"

static int take_time(int64_t *seconds, const char *name, const char *value, const char *file,
                     struct cert_error *error)
{
    if (value == NULL || rfc3339_parse(seconds, value))
        return 0;
    return cert_fail(error, EINVAL,
                     "%s: metadata '%s': '%.60s' is not an RFC 3339 time such as "
                     "2027-01-31T00:00:00Z",
                     file, name, value);
}

static int take_addresses(struct policy *policy, const char *value, const char *file,
                          struct cert_error *error)
{
    const char *bad;
    size_t length = 0;

    if (value == NULL)
        return 0;
    policy->has_addresses = true;
    if (cidr_list_parse(&policy->addresses, value, &bad, &length) == 0)
        return 0;
    if (bad == NULL)
        return cert_fail(error, ENOMEM, "%s: out of memory", file);
    return cert_fail(error, EINVAL,
                     "%s: metadata 'addresses': '%.*s' is not an address or a CIDR such as "
                     "192.0.2.0/24",
                     file, (int)length, bad);
}

static int take_endpoints(struct policy *policy, const char *value, const char *file,
                          struct cert_error *error)
{
    if (value == NULL)
        return 0;
    policy->has_endpoints = true;
    if (glob_list_parse(&policy->endpoints, value) == 0)
        return 0;
    return cert_fail(error, ENOMEM, "%s: out of memory", file);
}

struct policy *policy_new_revoked(const struct certificate *certificate, const char *file,
                                  const char *stem, struct cert_error *error)
{
    const char *name = certificate_metadata(certificate, "name");
    struct policy *policy = calloc(1, sizeof *policy);

    if (policy != NULL)
        policy->name = strdup(name != NULL && name[0] != '\0' ? name : stem);
    if (policy == NULL || policy->name == NULL) {
        cert_fail(error, ENOMEM, "%s: out of memory", file);
        policy_free(policy);
        return NULL;
    }
    memcpy(policy->key, certificate->public_key, KEY_BYTES);
    policy->not_before = INT64_MIN;
    policy->expires = INT64_MAX;
    return policy;
}

struct policy *policy_new(const struct certificate *certificate, const char *file, const char *stem,
                          struct cert_error *error)
{
    struct policy *policy = policy_new_revoked(certificate, file, stem, error);

    if (policy == NULL)
        return NULL;
    if (take_endpoints(policy, certificate_metadata(certificate, "endpoints"), file, error) == 0 &&
        take_addresses(policy, certificate_metadata(certificate, "addresses"), file, error) == 0 &&
        take_time(&policy->not_before, "not-before",
                  certificate_metadata(certificate, "not-before"), file, error) == 0 &&
        take_time(&policy->expires, "expires", certificate_metadata(certificate, "expires"), file,
                  error) == 0) {
        policy->superseded = certificate_metadata(certificate, "superseded") != NULL;
        return policy;
    }
    policy_free(policy);
    return NULL;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    glob_list_free(&policy->endpoints);
    cidr_list_free(&policy->addresses);
    free(policy->name);
    free(policy);
}

const char *policy_refusal(const struct policy *policy, const struct access *access)
{
    if (access->now < policy->not_before)
        return "not yet valid";
    if (access->now >= policy->expires)
        return "expired";
    if (policy->has_endpoints && !glob_list_match(&policy->endpoints, access->endpoint) &&
        !(access->resolved[0] != '\0' && glob_list_match(&policy->endpoints, access->resolved)))
        return "endpoint not allowed";
    if (policy->has_addresses && access->address != NULL &&
        !cidr_list_match(&policy->addresses, access->address))
        return "address not allowed";
    return NULL;
}

int64_t policy_next_change(const struct policy *policy, int64_t now)
{
    if (policy->expires <= policy->not_before || policy->expires <= now)
        return INT64_MAX; /* never valid (again) */
    return now < policy->not_before ? policy->not_before : policy->expires;
}
