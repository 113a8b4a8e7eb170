#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "shim/config.h"

static const struct config_system usual = {.directory = "/home/agent"};
static struct config config;

#define ENVIRONMENT(...) ((char *const[]){__VA_ARGS__, NULL})

/* A string literal as an entry of an environment. */
#define V(text) ((char[]){text})

#define parse(...) config_parse(&config, ENVIRONMENT(__VA_ARGS__), &usual)
#define parse_on(...) parse(V("SECURE_ZMQ=1"), __VA_ARGS__)

static int clear(void **state)
{
    (void)state;
    config_free(&config);
    return 0;
}

static void assert_fault(const char *text, const char *name)
{
    if (strstr(text, name) == NULL)
        fail_msg("'%s' does not name %s", text, name);
    assert_null(strchr(text, '\n'));
    assert_true(strlen(text) < sizeof config.error);
}

static void assert_understood(void)
{
    assert_string_equal(config.error, "");
    assert_string_equal(config.warning, "");
}

static void one_value(const char *variable, const char *value)
{
    char entry[1200];

    config_free(&config);
    snprintf(entry, sizeof entry, "%s=%s", variable, value);
    parse_on(entry);
}

static void without_variables_it_is_off_and_owns_nothing(void **state)
{
    static const struct config nothing;

    (void)state;
    config_parse(&config, NULL, &usual);
    assert_int_equal(config.mode, CONFIG_OFF);
    parse(V("PATH=/bin"), V("SECURE_ZM=1"), V("SECURE_ZMQX=1"), V("SECURE_ZMQ"), V("=x"), V(""),
          V("secure_zmq=1"), V("XSECURE_ZMQ=1"), V("SECURE_ZMQ_CERTS"));
    assert_int_equal(config.mode, CONFIG_OFF);
    assert_false(config.others_set);
    assert_understood();
    assert_null(config.certs);
    assert_null(config.authorized);
    assert_null(config.log_path);
    config_free(&config);
    assert_memory_equal(&config, &nothing, sizeof config);
}

static void spellings_of_the_switch(void **state)
{
    static const char *const on[] = {"1", "true", "yes", "on", "TRUE", "Yes", "oN"};
    static const char *const off[] = {"0", "false", "no", "off", "", "FALSE", "No", "oFF"};
    static const char *const neither[] = {"2", "11", "enable", " 1",       "1 ", "on,off", "-1",
                                          "y", "t",  "\xff",   "auditing", "00", "0.0",    "null"};
    char entry[64];

    (void)state;
    for (size_t i = 0; i < COUNT(on); i++) {
        snprintf(entry, sizeof entry, "SECURE_ZMQ=%s", on[i]);
        parse(entry);
        assert_int_equal(config.mode, CONFIG_ON);
        assert_understood();
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(off); i++) {
        snprintf(entry, sizeof entry, "SECURE_ZMQ=%s", off[i]);
        parse(entry);
        assert_int_equal(config.mode, CONFIG_OFF);
        assert_understood();
    }
    for (size_t i = 0; i < COUNT(neither); i++) {
        snprintf(entry, sizeof entry, "SECURE_ZMQ=%s", neither[i]);
        parse(entry);
        assert_int_equal(config.mode, CONFIG_ON);
        assert_fault(config.error, "SECURE_ZMQ=");
        config_free(&config);
    }
    parse(V("SECURE_ZMQ=Audit"));
    assert_int_equal(config.mode, CONFIG_AUDIT);
    assert_understood();
    assert_non_null(config.certs);
}

static void off_overrides_every_error(void **state)
{
    static const char *const off[] = {"0", "false", "no", "off", ""};
    char entry[64];

    (void)state;
    for (size_t i = 0; i < COUNT(off); i++) {
        snprintf(entry, sizeof entry, "SECURE_ZMQ=%s", off[i]);
        parse(entry, V("SECURE_ZMQ_NONSENSE=1"), V("SECURE_ZMQ_ALLOW=x"),
              V("SECURE_ZMQ_LOG_LEVEL=x"), V("SECURE_ZMQ_IO_THREADS=x"),
              V("SECURE_ZMQ_PERMISSIONS=x"));
        assert_int_equal(config.mode, CONFIG_OFF);
        assert_false(config.others_set);
        assert_understood();
        config_free(&config);
    }
}

static void others_without_the_switch(void **state)
{
    (void)state;
    parse(V("SECURE_ZMQ_CERTS=/c"), V("SECURE_ZMQ_LOG=log"), V("SECURE_ZMQ_LOG_FORMAT=json"));
    assert_int_equal(config.mode, CONFIG_OFF);
    assert_true(config.others_set);
    assert_string_equal(config.error, "");
    assert_int_equal(config.sink, CONFIG_FILE);
    assert_string_equal(config.log_path, "/home/agent/log");
    assert_true(config.log_json);
    config_free(&config);
    parse(V("SECURE_ZMQ_NONSENSE=1"));
    assert_true(config.others_set);
    assert_string_equal(config.error, "");
    config_free(&config);
    parse(V("SECURE_ZMQ_CERTS="));
    assert_false(config.others_set);
}

static void defaults(void **state)
{
    (void)state;
    parse(V("SECURE_ZMQ=1"));
    assert_understood();
    assert_true(config.certs_default);
    assert_false(config.certs_found_here);
    assert_string_equal(config.certs, CONFIG_SYSTEM_DIRECTORY);
    assert_string_equal(config.server_cert, CONFIG_SYSTEM_DIRECTORY "/server.key_secret");
    assert_string_equal(config.client_cert, CONFIG_SYSTEM_DIRECTORY "/client.key_secret");
    assert_string_equal(config.server_key, CONFIG_SYSTEM_DIRECTORY "/server.key");
    assert_string_equal(config.known_servers, CONFIG_SYSTEM_DIRECTORY "/known_servers");
    assert_false(config.known_servers_set);
    assert_string_equal(config.authorized, CONFIG_SYSTEM_DIRECTORY "/authorized_clients");
    assert_string_equal(config.revoked, CONFIG_SYSTEM_DIRECTORY "/revoked");
    assert_false(config.authorized_any);
    assert_false(config.has_allow);
    assert_int_equal(config.allow.count, 0);
    assert_int_equal(config.deny.count, 0);
    assert_int_equal(config.plaintext.count, 0);
    assert_int_equal(config.sink, CONFIG_STDERR);
    assert_null(config.log_path);
    assert_int_equal(config.log_level, EVENT_WARNING);
    assert_false(config.log_json);
    assert_null(config.metrics);
    assert_true(config.handshake_timeout == -1);
    assert_true(config.max_message_size == -1);
    assert_int_equal(config.io_threads, 0);
    assert_false(config.permissions_warn);
}

static void empty_values_are_defaults(void **state)
{
    (void)state;
    parse_on(V("SECURE_ZMQ_CERTS="), V("SECURE_ZMQ_SERVER_CERT="), V("SECURE_ZMQ_CLIENT_CERT="),
             V("SECURE_ZMQ_SERVER_KEY="), V("SECURE_ZMQ_KNOWN_SERVERS="),
             V("SECURE_ZMQ_AUTHORIZED="), V("SECURE_ZMQ_ALLOW="), V("SECURE_ZMQ_DENY="),
             V("SECURE_ZMQ_PLAINTEXT="), V("SECURE_ZMQ_LOG="), V("SECURE_ZMQ_LOG_LEVEL="),
             V("SECURE_ZMQ_LOG_FORMAT="), V("SECURE_ZMQ_METRICS="),
             V("SECURE_ZMQ_HANDSHAKE_TIMEOUT="), V("SECURE_ZMQ_MAX_MESSAGE_SIZE="),
             V("SECURE_ZMQ_IO_THREADS="), V("SECURE_ZMQ_PERMISSIONS="));
    assert_understood();
    assert_true(config.certs_default);
    assert_string_equal(config.certs, CONFIG_SYSTEM_DIRECTORY);
    assert_string_equal(config.authorized, CONFIG_SYSTEM_DIRECTORY "/authorized_clients");
    assert_false(config.known_servers_set);
    assert_false(config.has_allow);
    assert_int_equal(config.log_level, EVENT_WARNING);
    assert_true(config.handshake_timeout == -1);
}

static void address_lists(void **state)
{
    (void)state;
    parse_on(V("SECURE_ZMQ_ALLOW=10.0.0.0/8, ::1"), V("SECURE_ZMQ_DENY=10.1.0.0/16"));
    assert_understood();
    assert_true(config.has_allow);
    assert_int_equal(config.allow.count, 2);
    assert_int_equal(config.deny.count, 1);
    assert_true(cidr_list_match(&config.allow, "::ffff:10.2.2.2"));
    one_value("SECURE_ZMQ_ALLOW", " , ");
    assert_fault(config.error, "SECURE_ZMQ_ALLOW names no address");
    one_value("SECURE_ZMQ_ALLOW", "10.0.0.0/8 localhost");
    assert_fault(config.error, "SECURE_ZMQ_ALLOW");
    assert_fault(config.error, "'localhost'");
    one_value("SECURE_ZMQ_DENY", "10.0.0.0/33");
    assert_fault(config.error, "SECURE_ZMQ_DENY");
}

static void exempted_endpoints(void **state)
{
    static const char *const bad[] = {"5555",        "127.0.0.1:5555", "tcp",    "yes",
                                      "tcp://a:1 b", "tcp:/a:1",       "[::1]:1"};

    (void)state;
    one_value("SECURE_ZMQ_PLAINTEXT", "tcp://127.0.0.1:* ipc://*, *");
    assert_understood();
    assert_int_equal(config.plaintext.count, 3);
    for (size_t i = 0; i < COUNT(bad); i++) {
        one_value("SECURE_ZMQ_PLAINTEXT", bad[i]);
        assert_fault(config.error, "SECURE_ZMQ_PLAINTEXT");
    }
}

static void logging(void **state)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};

    (void)state;
    one_value("SECURE_ZMQ_LOG", "STDERR");
    assert_int_equal(config.sink, CONFIG_STDERR);
    one_value("SECURE_ZMQ_LOG", "Syslog");
    assert_int_equal(config.sink, CONFIG_SYSLOG);
    one_value("SECURE_ZMQ_LOG", "none");
    assert_int_equal(config.sink, CONFIG_NONE);
    one_value("SECURE_ZMQ_LOG", "/var/log/agent");
    assert_int_equal(config.sink, CONFIG_FILE);
    assert_string_equal(config.log_path, "/var/log/agent");
    one_value("SECURE_ZMQ_LOG", "./logs/agent");
    assert_string_equal(config.log_path, "/home/agent/logs/agent");
    for (int i = 0; i < 4; i++) {
        one_value("SECURE_ZMQ_LOG_LEVEL", levels[i]);
        assert_int_equal(config.log_level, i);
        assert_understood();
    }
    one_value("SECURE_ZMQ_LOG_LEVEL", "INFO");
    assert_int_equal(config.log_level, EVENT_INFO);
    one_value("SECURE_ZMQ_LOG_FORMAT", "JSON");
    assert_true(config.log_json);
    one_value("SECURE_ZMQ_LOG_FORMAT", "Text");
    assert_false(config.log_json);
    assert_understood();
}

static void faults_of_logging_only_warn(void **state)
{
    (void)state;
    one_value("SECURE_ZMQ_LOG_LEVEL", "verbose");
    assert_string_equal(config.error, "");
    assert_fault(config.warning, "SECURE_ZMQ_LOG_LEVEL");
    assert_int_equal(config.log_level, EVENT_WARNING);
    one_value("SECURE_ZMQ_LOG_FORMAT", "xml");
    assert_string_equal(config.error, "");
    assert_fault(config.warning, "SECURE_ZMQ_LOG_FORMAT");
    assert_false(config.log_json);
}

static void numbers(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        int64_t number;
    } good[] = {
        {"SECURE_ZMQ_HANDSHAKE_TIMEOUT", "0", 0},
        {"SECURE_ZMQ_HANDSHAKE_TIMEOUT", "2147483647", INT_MAX},
        {"SECURE_ZMQ_HANDSHAKE_TIMEOUT", "0003000", 3000},
        {"SECURE_ZMQ_MAX_MESSAGE_SIZE", "1", 1},
        {"SECURE_ZMQ_MAX_MESSAGE_SIZE", "9223372036854775807", INT64_MAX},
        {"SECURE_ZMQ_IO_THREADS", "1", 1},
        {"SECURE_ZMQ_IO_THREADS", "1024", 1024},
    };
    static const char *const variables[] = {"SECURE_ZMQ_HANDSHAKE_TIMEOUT",
                                            "SECURE_ZMQ_MAX_MESSAGE_SIZE", "SECURE_ZMQ_IO_THREADS"};
    static const char *const bad[] = {
        "-1",
        "+1",
        " 1",
        "1 ",
        "1s",
        "0x10",
        "1e3",
        "1.0",
        "1,000",
        "ten",
        "\xff",
        "\xd9\xa1",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551617",
        "99999999999999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        one_value(good[i].name, good[i].value);
        assert_understood();
        assert_true(good[i].number == (i < 3   ? config.handshake_timeout
                                       : i < 5 ? config.max_message_size
                                               : config.io_threads));
    }
    for (size_t v = 0; v < COUNT(variables); v++)
        for (size_t i = 0; i < COUNT(bad); i++) {
            one_value(variables[v], bad[i]);
            assert_fault(config.error, variables[v]);
        }
    one_value("SECURE_ZMQ_HANDSHAKE_TIMEOUT", "2147483648");
    assert_fault(config.error, "SECURE_ZMQ_HANDSHAKE_TIMEOUT");
    one_value("SECURE_ZMQ_MAX_MESSAGE_SIZE", "0");
    assert_fault(config.error, "SECURE_ZMQ_MAX_MESSAGE_SIZE");
    one_value("SECURE_ZMQ_IO_THREADS", "0");
    assert_fault(config.error, "SECURE_ZMQ_IO_THREADS");
    one_value("SECURE_ZMQ_IO_THREADS", "1025");
    assert_fault(config.error, "SECURE_ZMQ_IO_THREADS");
}

static void permissions(void **state)
{
    (void)state;
    one_value("SECURE_ZMQ_PERMISSIONS", "Warn");
    assert_understood();
    assert_true(config.permissions_warn);
    one_value("SECURE_ZMQ_PERMISSIONS", "STRICT");
    assert_understood();
    assert_false(config.permissions_warn);
    one_value("SECURE_ZMQ_PERMISSIONS", "lax");
    assert_fault(config.error, "SECURE_ZMQ_PERMISSIONS");
    assert_false(config.permissions_warn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_variables_it_is_off_and_owns_nothing, clear),
        cmocka_unit_test_teardown(spellings_of_the_switch, clear),
        cmocka_unit_test_teardown(off_overrides_every_error, clear),
        cmocka_unit_test_teardown(others_without_the_switch, clear),
        cmocka_unit_test_teardown(defaults, clear),
        cmocka_unit_test_teardown(empty_values_are_defaults, clear),
        cmocka_unit_test_teardown(address_lists, clear),
        cmocka_unit_test_teardown(exempted_endpoints, clear),
        cmocka_unit_test_teardown(logging, clear),
        cmocka_unit_test_teardown(faults_of_logging_only_warn, clear),
        cmocka_unit_test_teardown(numbers, clear),
        cmocka_unit_test_teardown(permissions, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
