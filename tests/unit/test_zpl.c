#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "certs/zpl.h"

static struct cert_error error;

/* Writes all items as "path=value;" and sections as "path;". -1 after an error. */
static int flatten(char *out, size_t size, const char *text, size_t length)
{
    struct zpl_reader reader;
    struct zpl_item item;
    int result;

    out[0] = '\0';
    zpl_start(&reader, text, length, "f");
    while ((result = zpl_next(&reader, &item, &error)) == 1) {
        size_t used = strlen(out);

        assert_int_equal(item.length, strlen(item.value));
        snprintf(out + used, size - used, "%s%s%s;", item.path, item.has_value ? "=" : "",
                 item.value);
    }
    return result;
}

static void expect(const char *text, const char *expected)
{
    char out[4096];

    assert_int_equal(flatten(out, sizeof out, text, strlen(text)), 0);
    assert_string_equal(out, expected);
}

static void expect_error(const char *text, const char *expected)
{
    char out[4096];

    assert_int_equal(flatten(out, sizeof out, text, strlen(text)), -1);
    assert_string_equal(error.text, expected);
}

static void sections(void **state)
{
    (void)state;
    expect("", "");
    expect("a\n", "a;");
    expect("a = 1", "a=1;");
    expect("a\n    b = 1\n    c\n        d = 2\n    e = 3\nf = 4\n",
           "a;a/b=1;a/c;a/c/d=2;a/e=3;f=4;");
    expect("a\n\tb = 1\n    c = 2\n", "a;a/b=1;a/c=2;");
    expect("a\n  b\n    c\nd\n  e", "a;a/b;a/b/c;d;d/e;");
    expect("    a = 1\nb = 2\n", "a=1;b=2;");
}

static void line_ends_and_comments(void **state)
{
    (void)state;
    expect("\xef\xbb\xbf"
           "a = 1\r\n\r\nb = 2\r\n",
           "a=1;b=2;");
    expect("# a = 1\n   # b\nc = 2 # d\ne # f\n", "c=2;e;");
    expect("a = 1\n\n\n    \n\t\nb\n", "a=1;b;");
}

static void quotes_come_before_comments(void **state)
{
    (void)state;
    expect("a = \"x#y\"\n", "a=x#y;");
    expect("a = 'x#\"y'  # z\n", "a=x#\"y;");
    expect("a = \"it's\"\n", "a=it's;");
    expect("a = x#y\n", "a=x;");
    expect("a = O'Brien\n", "a=O'Brien;");
    expect("a = \"\"\n", "a=;");
    expect("a =\n", "a=;");
    expect("a = \"  x  \"\nb =   y  z  \n", "a=  x  ;b=y  z;");
    expect("a=b=c\n", "a=b=c;");
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    expect_error("a\n\nb = \"x\n", "f:3: the closing quote is missing");
    expect_error("a = \"x\" y\n", "f:1: there is text after the closing quote");
    expect_error("a\n = 1\n", "f:2: a name is expected here");
    expect_error("a b\n", "f:1: '=' is expected after the name");
    expect_error("\xc3\xa9 = 1\n", "f:1: a name is expected here");
}

static void nul_is_not_text(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(flatten(out, sizeof out, "a = 1\nb\0c", 9), -1);
    assert_string_equal(error.text, "f:2: there is a NUL byte: this is not a text file");
}

static void limits(void **state)
{
    char text[4096], out[8192], deep[256] = "";

    (void)state;
    snprintf(text, sizeof text, "a = \"%0*d\"", ZPL_VALUE - 1, 0);
    assert_int_equal(flatten(out, sizeof out, text, strlen(text)), 0);
    snprintf(text, sizeof text, "a = \"%0*d\"", ZPL_VALUE, 0);
    expect_error(text, "f:1: this value is too long (2047 bytes at most)");
    snprintf(text, sizeof text, "%0*d", ZPL_PATH - 2, 0);
    assert_int_equal(flatten(out, sizeof out, text, strlen(text)), 0);
    snprintf(text, sizeof text, "%0*d", ZPL_PATH, 0);
    expect_error(text, "f:1: this name is too long");
    for (int i = 0; i < ZPL_DEPTH; i++)
        snprintf(deep + strlen(deep), sizeof deep - strlen(deep), "%*sa\n", i, "");
    assert_int_equal(flatten(out, sizeof out, deep, strlen(deep)), 0);
    snprintf(deep + strlen(deep), sizeof deep - strlen(deep), "%*sa\n", ZPL_DEPTH, "");
    expect_error(deep, "f:9: sections are nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections),
        cmocka_unit_test(line_ends_and_comments),
        cmocka_unit_test(quotes_come_before_comments),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(nul_is_not_text),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
