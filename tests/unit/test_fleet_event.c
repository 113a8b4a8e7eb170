#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/fleet_event.h"

static struct json_object object;
static struct fleet_event event;
static char line[2048];

static enum fleet_line read_line(const char *text)
{
    snprintf(line, sizeof line, "%s", text);
    return fleet_event_read(&event, &object, line, strlen(text));
}

#define BIND(more)                                                                                 \
    "{\"time\":\"2026-01-01T00:00:00.000Z\",\"event\":\"bind\",\"pid\":7,\"program\":\"brain\","   \
    "\"endpoint\":\"tcp://*:1\",\"call\":\"zmq_bind\"" more "}"
#define CONNECT(event, more)                                                                       \
    "{\"time\":\"2026-01-01T00:00:00.000Z\",\"event\":\"" event                                    \
    "\",\"pid\":7,\"program\":\"ear\",\"endpoint\":\"tcp://b:1\",\"call\":\"zmq_connect\"" more    \
    "}"

static void all_that_a_line_says(void **state)
{
    (void)state;
    assert_int_equal(read_line(BIND(",\"audit\":\"secure\",\"host\":\"vm\",\"script\":\"/b.py\","
                                    "\"resolved\":\"tcp://0.0.0.0:1\",\"addresses\":\"10.0.0.5\"")),
                     FLEET_LINE_EVENT);
    assert_int_equal(event.call, FLEET_BIND);
    assert_int_equal(event.sort, FLEET_WANTED);
    assert_int_equal(event.pid, 7);
    assert_string_equal(event.endpoint, "tcp://*:1");
    assert_string_equal(event.resolved, "tcp://0.0.0.0:1");
    assert_string_equal(event.addresses, "10.0.0.5");
    assert_string_equal(event.program, "brain");
    assert_string_equal(event.script, "/b.py");
    assert_string_equal(event.host, "vm");
    assert_string_equal(event.service, "");
    assert_string_equal(event.reason, "");
}

static void sorts(void **state)
{
    static const struct {
        const char *line;
        enum fleet_sort sort;
    } cases[] = {
        {CONNECT("connect", ",\"audit\":\"secure\""), FLEET_WANTED},
        {CONNECT("connect", ",\"audit\":\"plaintext\""), FLEET_WANTED},
        {CONNECT("connect", ",\"audit\":\"refuse\",\"error\":\"EACCES\""), FLEET_WANTED},
        {CONNECT("connect", ",\"audit\":\"refuse\",\"error\":\"EPROTONOSUPPORT\""), FLEET_BEYOND},
        {CONNECT("connect", ",\"audit\":\"refuse\",\"error\":\"ENOTSUP\""), FLEET_BEYOND},
        {CONNECT("connect", ",\"audit\":\"own-curve\""), FLEET_BY_HAND},
        {CONNECT("connect", ",\"audit\":\"secure\",\"failed\":\"No\""), FLEET_FAILED},
        {CONNECT("connect", ",\"role\":\"client\""), FLEET_WANTED},
        {CONNECT("connect", ""), FLEET_BY_HAND},
        {CONNECT("plaintext", ""), FLEET_WANTED},
        {CONNECT("refused", ",\"error\":\"EACCES\""), FLEET_WANTED},
        {CONNECT("refused", ",\"error\":\"EPROTONOSUPPORT\""), FLEET_BEYOND},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (read_line(cases[i].line) != FLEET_LINE_EVENT || event.sort != cases[i].sort)
            fail_msg("%s: %d", cases[i].line, event.sort);
        assert_int_equal(event.call, FLEET_CONNECT);
    }
}

static void services(void **state)
{
    static const struct {
        const char *before, *host, *service;
    } cases[] = {
        {"brain-1  | ", "3f2a9c81d0b7", "brain"},
        {"voice_brain_12 | ", "", "voice_brain"},
        {"brain    | ", "", "brain"},
        {"brain2 | ", "", "brain2"},
        {"7 | ", "", "7"},
        {"-1 | ", "", "-1"},
        {"Nov 25 07:00:00 vm python3[7]: ", "", ""},
        {"| ", "", ""},
        {"", "brain-6d4cf56db6-x7k2p", "brain"},
        {"", "voice-brain-6d4cf56db6-x7k2p", "voice-brain"},
        {"ear-1 | ", "brain-6d4cf56db6-x7k2p", "ear"},
        {"", "brain-x7k2p", ""},
        {"", "-x7k2p", ""},
        {"", "a-b-x7k2p", ""},
        {"", "brain-0", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];

        snprintf(text, sizeof text,
                 "%s{\"time\":\"x\",\"event\":\"bind\",\"pid\":7,\"program\":\"p\","
                 "\"endpoint\":\"tcp://*:1\",\"call\":\"zmq_bind\",\"host\":\"%s\"}",
                 cases[i].before, cases[i].host);
        assert_int_equal(read_line(text), FLEET_LINE_EVENT);
        assert_string_equal(event.service, cases[i].service);
    }
}

static void other_lines(void **state)
{
    (void)state;
    assert_int_equal(read_line(""), FLEET_LINE_OTHER);
    assert_int_equal(read_line("{\"endpoint\":\"tcp://*:1\"}"), FLEET_LINE_OTHER);
    assert_int_equal(read_line("{\"time\":\"x\",\"event\":\"auth\"}"), FLEET_LINE_OTHER);
    assert_int_equal(read_line("{\"time\":\"x\",\"event\":\"bind\"}"), FLEET_LINE_OTHER);
    assert_int_equal(read_line(CONNECT("bind", ",\"call\":\"zmq_bind\"")), FLEET_LINE_OTHER);
    assert_int_equal(read_line("{\"time\":\"x\",\"event\":\"bind\",\"program\":\"p\",\"call\":"
                               "\"zmq_bind\",\"endpoint\":\"inproc://x\"}"),
                     FLEET_LINE_OTHER);
    assert_int_equal(read_line("{\"time\":\"x\",\"event\":\"bi"), FLEET_LINE_BROKEN);
    assert_int_equal(read_line(BIND("") " x"), FLEET_LINE_BROKEN);
    assert_int_equal(read_line("2026 p[7] info bind: audit, nothing was changed: x"),
                     FLEET_LINE_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_a_line_says),
        cmocka_unit_test(sorts),
        cmocka_unit_test(services),
        cmocka_unit_test(other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
