#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "shim/config.h"

static const struct config_system usual = {.directory = "/home/agent"};
static const struct config_system nowhere = {.directory = NULL, .certificates_here = true};
static struct config config;

/* SECURE_ZMQ=1 and up to three entries. */
static void parse(const struct config_system *system, const char *a, const char *b, const char *c)
{
    static char texts[4][2048];
    char *environment[5] = {texts[0], texts[1], texts[2], texts[3], NULL};

    config_free(&config);
    strcpy(texts[0], "SECURE_ZMQ=1");
    snprintf(texts[1], sizeof texts[1], "%s", a == NULL ? "A=" : a);
    snprintf(texts[2], sizeof texts[2], "%s", b == NULL ? "B=" : b);
    snprintf(texts[3], sizeof texts[3], "%s", c == NULL ? "C=" : c);
    config_parse(&config, environment, system);
}

static int clear(void **state)
{
    (void)state;
    config_free(&config);
    return 0;
}

static void assert_fault(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' does not say %s", text, part);
    assert_true(strlen(text) < sizeof config.error);
}

static void the_directory_found_here(void **state)
{
    struct config_system here = usual;

    (void)state;
    here.certificates_here = true;
    parse(&here, NULL, NULL, NULL);
    assert_string_equal(config.certs, "/home/agent/certificates");
    assert_true(config.certs_found_here);
    assert_true(config.certs_default);
    here.directory = "/";
    parse(&here, NULL, NULL, NULL);
    assert_string_equal(config.certs, "/certificates");
    parse(&here, "SECURE_ZMQ_CERTS=/etc/mine", NULL, NULL);
    assert_string_equal(config.certs, "/etc/mine");
    assert_false(config.certs_found_here);
    assert_false(config.certs_default);
}

static void the_certificate_directory_is_made_absolute(void **state)
{
    static const struct {
        const char *entry, *path;
    } cases[] = {
        {"SECURE_ZMQ_CERTS=/c", "/c"},
        {"SECURE_ZMQ_CERTS=/c///", "/c"},
        {"SECURE_ZMQ_CERTS=/", "/"},
        {"SECURE_ZMQ_CERTS=///", "/"},
        {"SECURE_ZMQ_CERTS=c", "/home/agent/c"},
        {"SECURE_ZMQ_CERTS=./c/", "/home/agent/c"},
        {"SECURE_ZMQ_CERTS=././c", "/home/agent/c"},
        {"SECURE_ZMQ_CERTS=./", "/home/agent"},
        {"SECURE_ZMQ_CERTS=a/b", "/home/agent/a/b"},
        {"SECURE_ZMQ_CERTS=../c", "/home/agent/../c"},
        {"SECURE_ZMQ_CERTS=.c", "/home/agent/.c"},
        {"SECURE_ZMQ_CERTS=~/c", "/home/agent/~/c"},
        {"SECURE_ZMQ_CERTS= c=d", "/home/agent/ c=d"},
        {"SECURE_ZMQ_CERTS=\xff", "/home/agent/\xff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        parse(&usual, cases[i].entry, NULL, NULL);
        assert_string_equal(config.error, "");
        assert_string_equal(config.certs, cases[i].path);
    }
    parse(&usual, "SECURE_ZMQ_CERTS=/", NULL, NULL);
    assert_string_equal(config.server_key, "/server.key");
}

static void names_without_a_slash_are_in_the_certificate_directory(void **state)
{
    static const struct {
        const char *variable;
        char **path;
    } cases[] = {
        {"SECURE_ZMQ_SERVER_CERT", &config.server_cert},
        {"SECURE_ZMQ_CLIENT_CERT", &config.client_cert},
        {"SECURE_ZMQ_SERVER_KEY", &config.server_key},
        {"SECURE_ZMQ_KNOWN_SERVERS", &config.known_servers},
        {"SECURE_ZMQ_AUTHORIZED", &config.authorized},
    };
    char entry[100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(entry, sizeof entry, "%s=name", cases[i].variable);
        parse(&usual, "SECURE_ZMQ_CERTS=/c", entry, NULL);
        assert_string_equal(*cases[i].path, "/c/name");
        parse(&usual, entry, "SECURE_ZMQ_CERTS=c", NULL);
        assert_string_equal(*cases[i].path, "/home/agent/c/name");
        snprintf(entry, sizeof entry, "%s=./name", cases[i].variable);
        parse(&usual, entry, NULL, NULL);
        assert_string_equal(*cases[i].path, "/home/agent/name");
        snprintf(entry, sizeof entry, "%s=a/name", cases[i].variable);
        parse(&usual, entry, NULL, NULL);
        assert_string_equal(*cases[i].path, "/home/agent/a/name");
        snprintf(entry, sizeof entry, "%s=/name", cases[i].variable);
        parse(&usual, entry, NULL, NULL);
        assert_string_equal(*cases[i].path, "/name");
        snprintf(entry, sizeof entry, "%s=..", cases[i].variable);
        parse(&usual, "SECURE_ZMQ_CERTS=/c", entry, NULL);
        assert_string_equal(*cases[i].path, "/c/..");
        assert_string_equal(config.error, "");
    }
    parse(&usual, "SECURE_ZMQ_KNOWN_SERVERS=known_servers", NULL, NULL);
    assert_true(config.known_servers_set);
}

static void authorized_any(void **state)
{
    (void)state;
    parse(&usual, "SECURE_ZMQ_AUTHORIZED=any", NULL, NULL);
    assert_true(config.authorized_any);
    parse(&usual, "SECURE_ZMQ_AUTHORIZED=ANY", NULL, NULL);
    assert_true(config.authorized_any);
    parse(&usual, "SECURE_ZMQ_AUTHORIZED=./any", NULL, NULL);
    assert_false(config.authorized_any);
    parse(&usual, "SECURE_ZMQ_AUTHORIZED=anyone", NULL, NULL);
    assert_false(config.authorized_any);
}

static void logs_and_metrics_are_made_absolute(void **state)
{
    (void)state;
    parse(&usual, "SECURE_ZMQ_LOG=log", "SECURE_ZMQ_METRICS=m", NULL);
    assert_string_equal(config.log_path, "/home/agent/log");
    assert_string_equal(config.metrics, "/home/agent/m");
    parse(&usual, "SECURE_ZMQ_LOG=/l", "SECURE_ZMQ_METRICS=/m", NULL);
    assert_string_equal(config.log_path, "/l");
    assert_string_equal(config.metrics, "/m");
}

static void relative_paths_without_a_working_directory(void **state)
{
    static const char *const relative[] = {
        "SECURE_ZMQ_CERTS=c",        "SECURE_ZMQ_SERVER_CERT=./x",   "SECURE_ZMQ_CLIENT_CERT=./x",
        "SECURE_ZMQ_SERVER_KEY=./x", "SECURE_ZMQ_KNOWN_SERVERS=a/x", "SECURE_ZMQ_AUTHORIZED=a/x",
    };

    (void)state;
    parse(&nowhere, NULL, NULL, NULL);
    assert_string_equal(config.error, "");
    assert_string_equal(config.certs, CONFIG_SYSTEM_DIRECTORY);
    assert_false(config.certs_found_here);
    for (size_t i = 0; i < COUNT(relative); i++) {
        char name[64];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(relative[i], "="), relative[i]);
        parse(&nowhere, relative[i], NULL, NULL);
        assert_fault(config.error, name);
    }
    parse(&nowhere, "SECURE_ZMQ_CERTS=/c", "SECURE_ZMQ_SERVER_CERT=x", NULL);
    assert_string_equal(config.error, "");
    assert_string_equal(config.server_cert, "/c/x");
}

static void logs_and_metrics_without_a_working_directory_only_warn(void **state)
{
    (void)state;
    parse(&nowhere, "SECURE_ZMQ_LOG=log", NULL, NULL);
    assert_string_equal(config.error, "");
    assert_fault(config.warning, "SECURE_ZMQ_LOG=");
    assert_int_equal(config.sink, CONFIG_STDERR);
    assert_null(config.log_path);
    parse(&nowhere, "SECURE_ZMQ_METRICS=m", NULL, NULL);
    assert_string_equal(config.error, "");
    assert_fault(config.warning, "SECURE_ZMQ_METRICS=");
    assert_null(config.metrics);
    parse(&nowhere, "SECURE_ZMQ_LOG=/l", "SECURE_ZMQ_METRICS=/m", NULL);
    assert_string_equal(config.warning, "");
    assert_string_equal(config.log_path, "/l");
    assert_string_equal(config.metrics, "/m");
}

static void unknown_names_and_the_nearest_known_one(void **state)
{
    static const struct {
        const char *entry, *nearest;
    } cases[] = {
        {"SECURE_ZMQ_CERT=/c", "SECURE_ZMQ_CERTS?"},
        {"SECURE_ZMQ_CERTSS=/c", "SECURE_ZMQ_CERTS?"},
        {"SECURE_ZMQ_certs=/c", "SECURE_ZMQ_CERTS?"},
        {"SECURE_ZMQ_SERVERCERT=x", "SECURE_ZMQ_SERVER_CERT?"},
        {"SECURE_ZMQ_AUTHORISED=x", "SECURE_ZMQ_AUTHORIZED?"},
        {"SECURE_ZMQ_PLAIN_TEXT=x", "SECURE_ZMQ_PLAINTEXT?"},
        {"SECURE_ZMQ_LOGLEVEL=x", "SECURE_ZMQ_LOG_LEVEL?"},
        {"SECURE_ZMQ_DENNY=", "SECURE_ZMQ_DENY?"},
        {"SECURE_ZMQ_KNOWNSERVERS=x", "SECURE_ZMQ_KNOWN_SERVERS?"},
        {"SECURE_ZMQ_=x", "SECURE_ZMQ_"},
        {"SECURE_ZMQ__CERTS=x", "SECURE_ZMQ_CERTS?"},
        {"SECURE_ZMQ_\xff\xfe=x", "did you mean"},
    };
    char entry[2000];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[64];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(cases[i].entry, "="), cases[i].entry);
        parse(&usual, cases[i].entry, NULL, NULL);
        assert_int_equal(config.mode, CONFIG_ON);
        assert_fault(config.error, name);
        assert_fault(config.error, cases[i].nearest);
        assert_null(strchr(config.error, '='));
    }
    memset(entry, 'X', sizeof entry - 1);
    memcpy(entry, "SECURE_ZMQ_", 11);
    entry[sizeof entry - 2] = '=';
    entry[sizeof entry - 1] = '\0';
    parse(&usual, entry, NULL, NULL);
    assert_fault(config.error, "did you mean");
}

static void the_first_of_two_entries_counts(void **state)
{
    char *const switches[] = {(char[]){"SECURE_ZMQ=0"}, (char[]){"SECURE_ZMQ=1"}, NULL};

    (void)state;
    parse(&usual, "SECURE_ZMQ_CERTS=/a", "SECURE_ZMQ_CERTS=/b", NULL);
    assert_string_equal(config.certs, "/a");
    parse(&usual, "SECURE_ZMQ=0", "SECURE_ZMQ=audit", NULL);
    assert_int_equal(config.mode, CONFIG_ON);
    parse(&usual, "SECURE_ZMQ_PLAINTEXT=", "SECURE_ZMQ_PLAINTEXT=*", NULL);
    assert_int_equal(config.plaintext.count, 0);
    parse(&usual, "SECURE_ZMQ_IO_THREADS=2", "SECURE_ZMQ_IO_THREADS=x", NULL);
    assert_string_equal(config.error, "");
    config_free(&config);
    config_parse(&config, switches, &usual);
    assert_int_equal(config.mode, CONFIG_OFF);
}

static void in_secure_execution_only_the_switch_counts(void **state)
{
    struct config_system secure = usual;
    char *const alone[] = {(char[]){"SECURE_ZMQ_CERTS=/evil"}, (char[]){"SECURE_ZMQ_X=1"}, NULL};

    (void)state;
    secure.secure_execution = true;
    parse(&secure, "SECURE_ZMQ_CERTS=/evil", "SECURE_ZMQ_PLAINTEXT=*",
          "SECURE_ZMQ_LOG=/etc/passwd");
    assert_int_equal(config.mode, CONFIG_ON);
    assert_string_equal(config.error, "");
    assert_string_equal(config.warning, "");
    assert_string_equal(config.certs, CONFIG_SYSTEM_DIRECTORY);
    assert_int_equal(config.plaintext.count, 0);
    assert_int_equal(config.sink, CONFIG_STDERR);
    parse(&secure, "SECURE_ZMQ_NONSENSE=1", "SECURE_ZMQ_IO_THREADS=x", "SECURE_ZMQ_AUTHORIZED=any");
    assert_string_equal(config.error, "");
    assert_false(config.authorized_any);
    config_free(&config);
    config_parse(&config, alone, &secure);
    assert_int_equal(config.mode, CONFIG_OFF);
    assert_false(config.others_set);
}

static void long_values_fit_their_messages(void **state)
{
    static const char *const names[] = {
        "SECURE_ZMQ_CERTS",     "SECURE_ZMQ_ALLOW",       "SECURE_ZMQ_PLAINTEXT",
        "SECURE_ZMQ_LOG_LEVEL", "SECURE_ZMQ_LOG_FORMAT",  "SECURE_ZMQ_HANDSHAKE_TIMEOUT",
        "SECURE_ZMQ_LOG",       "SECURE_ZMQ_PERMISSIONS",
    };
    char entry[2000];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        memset(entry, 'x', sizeof entry - 1);
        memcpy(entry, names[i], strlen(names[i]));
        entry[strlen(names[i])] = '=';
        entry[sizeof entry - 1] = '\0';
        parse(&nowhere, entry, NULL, NULL);
        assert_fault(config.error[0] != '\0' ? config.error : config.warning, names[i]);
        parse(&usual, "SECURE_ZMQ_CERTS=/c", entry, NULL);
        assert_true(strlen(config.error) < sizeof config.error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_directory_found_here, clear),
        cmocka_unit_test_teardown(the_certificate_directory_is_made_absolute, clear),
        cmocka_unit_test_teardown(names_without_a_slash_are_in_the_certificate_directory, clear),
        cmocka_unit_test_teardown(authorized_any, clear),
        cmocka_unit_test_teardown(logs_and_metrics_are_made_absolute, clear),
        cmocka_unit_test_teardown(relative_paths_without_a_working_directory, clear),
        cmocka_unit_test_teardown(logs_and_metrics_without_a_working_directory_only_warn, clear),
        cmocka_unit_test_teardown(unknown_names_and_the_nearest_known_one, clear),
        cmocka_unit_test_teardown(the_first_of_two_entries_counts, clear),
        cmocka_unit_test_teardown(in_secure_execution_only_the_switch_counts, clear),
        cmocka_unit_test_teardown(long_values_fit_their_messages, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
