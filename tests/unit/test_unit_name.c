#include "tests/unit/unit.h"

#include "shim/unit_name.h"

static void assert_unit(const char *text, const char *expected)
{
    char name[32];

    unit_name(name, sizeof name, text);
    assert_string_equal(name, expected);
}

static void services(void **state)
{
    (void)state;
    assert_unit("0::/system.slice/brain.service\n", "brain.service");
    assert_unit("0::/system.slice/system-voice.slice/voice@ear.service", "voice@ear.service");
    assert_unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/brain.service\n",
                "brain.service");
    assert_unit("12:cpu:/x.service\n1:name=systemd:/system.slice/brain.service\n0::/\n",
                "brain.service");
}

static void nothing(void **state)
{
    (void)state;
    assert_unit("", "");
    assert_unit("0::/\n", "");
    assert_unit("0::/user.slice/user-1000.slice/session-3.scope\n", "");
    assert_unit("0::/system.slice/brain.service/container\n", "");
    assert_unit("0::/.service\n", "");
    assert_unit("12:cpu:/system.slice/brain.service\n", "");
    assert_unit("0::/system.slice/a-name-that-is-too-long-for-this.service\n", "");
    assert_unit("no colons\nbrain.service\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
