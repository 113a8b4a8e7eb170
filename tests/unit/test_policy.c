#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim/policy.h"

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define CURVE "curve\n    public-key = \"" KEY "\"\n"

static struct cert_error error;

static struct policy *make(const char *metadata)
{
    static struct certificate certificate;
    char text[16384];

    snprintf(text, sizeof text, "metadata\n%s%s", metadata, CURVE);
    assert_int_equal(certificate_parse(&certificate, text, strlen(text), "x.key", &error), 0);
    memset(&error, 0, sizeof error);
    return policy_new(&certificate, "/certs/x.key", "stem", &error);
}

static const char *refusal(const struct policy *policy, const char *address, const char *endpoint,
                           const char *resolved, int64_t now)
{
    const struct access access = {address, endpoint, resolved, now};

    return policy_refusal(policy, &access);
}

#define allowed(...) assert_null(refusal(__VA_ARGS__))
#define refused(why, ...) assert_string_equal(refusal(__VA_ARGS__), why)

static void without_metadata_everything_is_allowed(void **state)
{
    struct policy *policy = make("");
    uint8_t key[KEY_BYTES];

    (void)state;
    assert_non_null(policy);
    assert_true(z85_decode_key(key, KEY, KEY_Z85));
    assert_memory_equal(policy->key, key, KEY_BYTES);
    assert_string_equal(policy->name, "stem");
    allowed(policy, "1.2.3.4", "tcp://*:1", "tcp://0.0.0.0:1", 0);
    allowed(policy, NULL, "ipc://x", "", INT64_MIN);
    allowed(policy, "", "", "", INT64_MAX - 1);
    policy_free(policy);
}

static void names(void **state)
{
    static const struct {
        const char *metadata, *name;
    } cases[] = {
        {"    name = alice\n", "alice"},
        {"    name = \"alice # bob\"\n", "alice # bob"},
        {"    name = \"\"\n", "stem"},
        {"    Name = alice\n", "stem"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy *policy = make(cases[i].metadata);

        assert_non_null(policy);
        assert_string_equal(policy->name, cases[i].name);
        policy_free(policy);
    }
}

static void endpoints(void **state)
{
    struct policy *policy = make("    endpoints = tcp://*:5555 ipc:///run/*\n");

    (void)state;
    assert_non_null(policy);
    allowed(policy, "1.2.3.4", "tcp://*:5555", "tcp://0.0.0.0:5555", 0);
    allowed(policy, "1.2.3.4", "tcp://10.0.0.1:5555", "", 0);
    allowed(policy, NULL, "ipc:///run/a/b", "", 0);
    refused("endpoint not allowed", policy, "1.2.3.4", "tcp://*:5556", "tcp://0.0.0.0:5556", 0);
    refused("endpoint not allowed", policy, NULL, "ipc:///tmp/x", "ipc:///tmp/x", 0);
    allowed(policy, "1.2.3.4", "tcp://*:*", "tcp://0.0.0.0:5555", 0);
    refused("endpoint not allowed", policy, "1.2.3.4", "tcp://*:*", "", 0);
    refused("endpoint not allowed", policy, "1.2.3.4", "", "", 0);
    policy_free(policy);
}

static void an_unknown_resolved_endpoint_matches_nothing(void **state)
{
    struct policy *policy = make("    endpoints = \"\"\n");

    (void)state;
    refused("endpoint not allowed", policy, NULL, "tcp://a:1", "", 0);
    refused("endpoint not allowed", policy, NULL, "tcp://a:1", "tcp://a:1", 0);
    policy_free(policy);
}

static void addresses(void **state)
{
    struct policy *policy = make("    addresses = 10.0.0.0/8 2001:db8::/32\n");

    (void)state;
    assert_non_null(policy);
    allowed(policy, "10.255.0.1", "tcp://*:1", "", 0);
    allowed(policy, "::ffff:10.0.0.1", "tcp://*:1", "", 0);
    allowed(policy, "2001:db8::1", "tcp://*:1", "", 0);
    refused("address not allowed", policy, "11.0.0.1", "tcp://*:1", "", 0);
    refused("address not allowed", policy, "::1", "tcp://*:1", "", 0);
    refused("address not allowed", policy, "", "tcp://*:1", "", 0);
    refused("address not allowed", policy, "localhost:0:0:1", "tcp://*:1", "", 0);
    /* CIDRs do not apply to ipc. */
    allowed(policy, NULL, "ipc://x", "", 0);
    policy_free(policy);
    policy = make("    addresses = \"\"\n");
    assert_non_null(policy);
    refused("address not allowed", policy, "10.0.0.1", "tcp://*:1", "", 0);
    allowed(policy, NULL, "ipc://x", "", 0);
    policy_free(policy);
}

static void times(void **state)
{
    struct policy *policy = make(
        "    not-before = 1970-01-01T00:01:40Z\n    expires = \"1970-01-01T01:03:20+01:00\"\n");

    (void)state;
    assert_non_null(policy);
    refused("not yet valid", policy, "1.2.3.4", "tcp://*:1", "", INT64_MIN);
    refused("not yet valid", policy, "1.2.3.4", "tcp://*:1", "", 99);
    allowed(policy, "1.2.3.4", "tcp://*:1", "", 100);
    allowed(policy, "1.2.3.4", "tcp://*:1", "", 199);
    refused("expired", policy, "1.2.3.4", "tcp://*:1", "", 200);
    refused("expired", policy, "1.2.3.4", "tcp://*:1", "", INT64_MAX);
    policy_free(policy);
}

/* Found by trying every second. */
static int64_t first_change(const struct policy *policy, int64_t now, int64_t end)
{
    struct access access = {.endpoint = "tcp://*:1", .resolved = "", .now = now};
    const bool refused_now = policy_refusal(policy, &access) != NULL;

    while (++access.now < end)
        if ((policy_refusal(policy, &access) != NULL) != refused_now)
            return access.now;
    return INT64_MAX;
}

static void next_change_by_time(void **state)
{
    const int64_t moments[] = {INT64_MIN, -3, 0, 2, 3, 7, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(moments); i++)
        for (size_t j = 0; j < COUNT(moments); j++) {
            struct policy policy = {.not_before = moments[i], .expires = moments[j]};

            for (int64_t now = -5; now < 10; now++)
                assert_int_equal(policy_next_change(&policy, now), first_change(&policy, now, 12));
        }
}

static void one_condition_that_fails_is_enough(void **state)
{
    struct policy *policy = make("    endpoints = tcp://*:1\n    addresses = 10.0.0.1\n"
                                 "    expires = 1970-01-01T00:01:40Z\n");

    (void)state;
    assert_non_null(policy);
    allowed(policy, "10.0.0.1", "tcp://*:1", "", 99);
    refused("expired", policy, "10.0.0.1", "tcp://*:1", "", 100);
    refused("endpoint not allowed", policy, "10.0.0.1", "tcp://*:2", "", 99);
    refused("address not allowed", policy, "10.0.0.2", "tcp://*:1", "", 99);
    refused("endpoint not allowed", policy, NULL, "ipc://x", "", 99);
    policy_free(policy);
}

static void what_cannot_be_understood_is_refused(void **state)
{
    static const struct {
        const char *metadata, *name;
    } cases[] = {
        {"    expires = tomorrow\n", "'expires'"},
        {"    expires = \"\"\n", "'expires'"},
        {"    expires =\n", "'expires'"},
        {"    expires = 2027-01-31\n", "'expires'"},
        {"    expires = 2027-02-29T00:00:00Z\n", "'expires'"},
        {"    expires = 2027-01-31T24:00:00Z\n", "'expires'"},
        {"    expires = \"2027-01-31T00:00:00Z \"\n", "'expires'"},
        {"    not-before = 1798761600\n", "'not-before'"},
        {"    not-before = \"\xff\"\n", "'not-before'"},
        {"    addresses = 10.0.0.0/33\n", "'addresses'"},
        {"    addresses = 10.0.0.1 somewhere\n", "'addresses'"},
        {"    addresses = *\n", "'addresses'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(make(cases[i].metadata));
        assert_int_equal(error.code, EINVAL);
        assert_int_equal(strncmp(error.text, "/certs/x.key: ", 14), 0);
        if (strstr(error.text, cases[i].name) == NULL)
            fail_msg("'%s' does not name %s", error.text, cases[i].name);
    }
}

static void long_values(void **state)
{
    char metadata[8192], value[2048];
    struct policy *policy;

    (void)state;
    memset(value, 'x', sizeof value);
    snprintf(metadata, sizeof metadata, "    name = %.2047s\n    endpoints = %.2047s\n", value,
             value);
    policy = make(metadata);
    assert_non_null(policy);
    assert_int_equal(strlen(policy->name), 2047);
    refused("endpoint not allowed", policy, NULL, "x", "", 0);
    policy_free(policy);
    snprintf(metadata, sizeof metadata, "    addresses = %.2047s\n", value);
    assert_null(make(metadata));
    assert_true(strlen(error.text) < sizeof error.text);
    snprintf(metadata, sizeof metadata, "    expires = %.2047s\n", value);
    assert_null(make(metadata));
    assert_non_null(strstr(error.text, "RFC 3339"));
}

static void freeing_nothing(void **state)
{
    (void)state;
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_metadata_everything_is_allowed),
        cmocka_unit_test(names),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(an_unknown_resolved_endpoint_matches_nothing),
        cmocka_unit_test(addresses),
        cmocka_unit_test(times),
        cmocka_unit_test(next_change_by_time),
        cmocka_unit_test(one_condition_that_fails_is_enough),
        cmocka_unit_test(what_cannot_be_understood_is_refused),
        cmocka_unit_test(long_values),
        cmocka_unit_test(freeing_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
