#include "tests/unit/unit.h"

#include <string.h>

#include "shim/script_name.h"

#define NAMED(program, command, expected)                                                          \
    do {                                                                                           \
        char found[64];                                                                            \
                                                                                                   \
        script_name(found, sizeof found, program, command, sizeof command, "/srv/brain");          \
        assert_string_equal(found, expected);                                                      \
    } while (0)

static void files_modules_and_archives(void **state)
{
    (void)state;
    NAMED("python3", "python3\0main.py\0--password\0secret", "/srv/brain/main.py");
    NAMED("python3.11", "/usr/bin/python3.11\0-u\0-X\0dev\0/opt/ear.py", "/opt/ear.py");
    NAMED("python3", "python3\0-I\0-m\0voice.brain\0-x", "voice.brain");
    NAMED("node", "node\0--require\0./hook.js\0app.js", "/srv/brain/app.js");
    NAMED("java", "java\0-cp\0a:b\0-jar\0brain.jar", "/srv/brain/brain.jar");
    NAMED("sh", "sh\0/usr/bin/start", "/usr/bin/start");
}

static void nothing_else_of_the_command_line(void **state)
{
    (void)state;
    NAMED("brain", "brain\0main.py", "");
    NAMED("pythonic", "pythonic\0main.py", "");
    NAMED("python3", "python3", "");
    NAMED("python3", "python3\0-c\0import zmq; key = 'secret'", "");
    NAMED("python3", "python3\0-", "");
    NAMED("python3", "python3\0-m", "");
    NAMED("perl", "perl\0-e\0print 1\0secret", "");
}

static void of_long_names_the_end_is_kept(void **state)
{
    char command[] = "python3\0/a-directory-with-a-long-name/voice/brain/main.py", found[20];

    (void)state;
    script_name(found, sizeof found, "python3", command, sizeof command, NULL);
    assert_string_equal(found, "voice/brain/main.py");
}

static void a_command_that_is_cut_or_rewritten(void **state)
{
    static const char cut[] = {'p', 'y', '\0', 'm', 'a', 'i'};
    char found[20];

    (void)state;
    script_name(found, sizeof found, "python3", cut, sizeof cut, NULL);
    assert_string_equal(found, "");
    script_name(found, sizeof found, "python3", "", 0, NULL);
    assert_string_equal(found, "");
    script_name(found, sizeof found, "python3", "\0\0\0", 3, NULL);
    assert_string_equal(found, "");
    script_name(found, sizeof found, "", "python3\0a", 10, NULL);
    assert_string_equal(found, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_modules_and_archives),
        cmocka_unit_test(nothing_else_of_the_command_line),
        cmocka_unit_test(of_long_names_the_end_is_kept),
        cmocka_unit_test(a_command_that_is_cut_or_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
