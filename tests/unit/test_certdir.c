#include "tests/unit/certdir_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void an_empty_directory_authorises_nobody(void **state)
{
    (void)state;
    scan();
    assert_int_equal(directory.keys.count, 0);
    assert_nobody(1);
    assert_int_equal(logged(""), 0);
}

static void files_come_and_go(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    assert_holder(1, "a");
    put_key("b.key", 2, "");
    scan();
    assert_holder(1, "a");
    assert_holder(2, "b");
    remove_path("a.key");
    scan();
    assert_nobody(1);
    assert_holder(2, "b");
    remove_path("b.key");
    scan();
    assert_nobody(2);
    assert_int_equal(directory.files.count, 0);
    assert_int_equal(logged(""), 0);
}

static void only_key_files_count(void **state)
{
    static const char *const others[] = {".key",  ".a.key", "a.key_secret", "a.KEY", "a.key~",
                                         "a.pub", "akey",   "a.key.tmp",    "key",   "a.key "};

    (void)state;
    for (int i = 0; i < (int)COUNT(others); i++)
        put_key(others[i], i + 1, "");
    scan();
    assert_int_equal(directory.files.count, 0);
    for (int i = 0; i < (int)COUNT(others); i++) {
        certdir_touch(&directory, others[i], now);
        assert_nobody(i + 1);
    }
    assert_int_equal(logged(""), 0);
}

static void a_change_of_the_same_size_in_the_same_second(void **state)
{
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/a.key", directory.path);
    for (int number = 1; number < 20; number++) {
        put_key("a.key", number, "");
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        scan();
        assert_holder(number, "a");
        assert_nobody(number - 1);
    }
}

static void a_change_of_metadata_counts(void **state)
{
    (void)state;
    put_key("a.key", 1, "    name = alice\n");
    scan();
    assert_holder(1, "alice");
    put_key("a.key", 1, "    name = clara\n");
    scan();
    assert_holder(1, "clara");
    put_key("a.key", 1, "");
    scan();
    assert_holder(1, "a");
}

static void files_are_renamed(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    put_key("b.key", 2, "");
    scan();
    move_file("a.key", "c.key");
    scan();
    assert_holder(1, "c");
    move_file("c.key", "b.key");
    scan();
    assert_holder(1, "b");
    assert_nobody(2);
    move_file("b.key", "b.key.off");
    scan();
    assert_nobody(1);
    move_file("b.key.off", "b.key");
    scan();
    assert_holder(1, "b");
}

static void files_are_replaced_atomically(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    for (int number = 2; number < 10; number++) {
        put_key(".a.key.tmp", number, "");
        move_file(".a.key.tmp", "a.key");
        scan();
        assert_holder(number, "a");
        assert_nobody(number - 1);
    }
}

static void of_duplicate_keys_the_first_name_wins(void **state)
{
    (void)state;
    put_key("m.key", 1, "");
    scan();
    assert_holder(1, "m");
    put_key("z.key", 1, "");
    scan();
    assert_holder(1, "m");
    put_key("a.key", 1, "");
    scan();
    assert_holder(1, "a");
    put_key("B.key", 1, "");
    scan();
    assert_holder(1, "B");
    remove_path("B.key");
    remove_path("m.key");
    scan();
    assert_holder(1, "a");
    put_key("a.key", 2, "");
    scan();
    assert_holder(1, "z");
    assert_holder(2, "a");
    remove_path("z.key");
    scan();
    assert_nobody(1);
}

static void one_file_is_looked_at(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    put_key("b.key", 2, "");
    certdir_touch(&directory, "a.key", now);
    assert_holder(1, "a");
    assert_nobody(2);
    certdir_touch(&directory, "b.key", now);
    assert_holder(2, "b");
    put_key("a.key", 3, "");
    certdir_touch(&directory, "a.key", now);
    assert_holder(3, "a");
    assert_nobody(1);
    remove_path("a.key");
    certdir_touch(&directory, "a.key", now);
    assert_nobody(3);
    certdir_touch(&directory, "a.key", now);
    certdir_touch(&directory, "never.key", now);
    assert_int_equal(directory.files.count, 1);
    scan();
    assert_holder(2, "b");
}

static void a_vanished_directory_keeps_what_was_there(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    move_file("../certs", "../away");
    scan_fails(ENOENT);
    assert_holder(1, "a");
    certdir_touch(&directory, "a.key", now);
    assert_holder(1, "a");
    put_file("../certs", "", 0);
    scan_fails(ENOTDIR);
    assert_holder(1, "a");
    remove_path("../certs");
    make_directory("../certs", 0755);
    put_key("../certs/b.key", 2, "");
    scan();
    assert_nobody(1);
    assert_holder(2, "b");
}

static void a_missing_directory_is_an_error_at_first_too(void **state)
{
    (void)state;
    remove_path("../certs");
    scan_fails(ENOENT);
    assert_int_equal(directory.files.count, 0);
}

static void linked_files_are_followed(void **state)
{
    (void)state;
    put_key("real.key", 1, "");
    scan();
    assert_false(directory.links);
    make_directory("../elsewhere", 0755);
    put_key("../elsewhere/x", 2, "");
    put_link("a.key", "../elsewhere/x");
    put_link("dangling.key", "nowhere");
    put_link("loop.key", "loop.key");
    scan();
    assert_true(directory.links);
    assert_holder(1, "real");
    assert_holder(2, "a");
    put_key("../elsewhere/x", 3, "");
    scan();
    assert_holder(3, "a");
    assert_nobody(2);
    remove_path("../elsewhere/x");
    scan();
    assert_nobody(3);
    assert_int_equal(logged(""), 0);
}

/* As Kubernetes keeps mounted secrets. */
static void links_are_swapped_as_a_whole(void **state)
{
    (void)state;
    make_directory("..1", 0755);
    put_key("..1/a.key", 1, "");
    put_key("..1/b.key", 2, "");
    put_link("..data", "..1");
    put_link("a.key", "..data/a.key");
    put_link("b.key", "..data/b.key");
    scan();
    assert_true(directory.links);
    assert_holder(1, "a");
    assert_holder(2, "b");
    make_directory("..2", 0755);
    put_key("..2/a.key", 3, "");
    put_link("..data_tmp", "..2");
    move_file("..data_tmp", "..data");
    scan();
    assert_holder(3, "a");
    assert_nobody(1);
    assert_nobody(2);
}

static void the_directory_itself_may_be_a_link(void **state)
{
    (void)state;
    move_file("../certs", "../one");
    put_link("../certs", "one");
    put_key("a.key", 1, "");
    scan();
    assert_holder(1, "a");
    make_directory("../two", 0755);
    put_key("../two/b.key", 2, "");
    put_link("../next", "two");
    move_file("../next", "../certs");
    scan();
    assert_nobody(1);
    assert_holder(2, "b");
    remove_path("../certs");
}

static void names_of_any_bytes(void **state)
{
    char longest[256];

    (void)state;
    memset(longest, 'n', 251);
    strcpy(longest + 251, ".key");
    put_key(longest, 1, "");
    put_key("\xff\xfe.key", 2, "");
    put_key("a\nb.key", 3, "");
    put_key(" .key", 4, "");
    put_key("*.key", 5, "");
    scan();
    longest[251] = '\0';
    assert_holder(1, longest);
    assert_holder(2, "\xff\xfe");
    assert_holder(3, "a\nb");
    assert_holder(4, " ");
    assert_holder(5, "*");
}

static void many_files(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d.key", i);
        put_key(name, i, "");
    }
    scan();
    assert_int_equal(directory.keys.count, 1000);
    for (int i = 0; i < 1000; i += 2) {
        snprintf(name, sizeof name, "%d.key", i);
        remove_path(name);
    }
    scan();
    assert_int_equal(directory.keys.count, 500);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (i % 2 == 0)
            assert_nobody(i);
        else
            assert_holder(i, name);
    }
}

static unsigned pauses, patience;

static bool out_of_patience(void)
{
    return ++pauses > patience;
}

static void a_long_scan_pauses_and_can_be_interrupted(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "%d.key", i);
        put_key(name, i, "");
    }
    scan();
    directory.interrupt = out_of_patience;
    pauses = 0;
    patience = 1000;
    scan();
    assert_in_range(pauses, 500 / 64, 500 / 16);
    remove_path("0.key");
    pauses = 0;
    patience = 2;
    scan_fails(EINTR);
    assert_int_equal(pauses, 3);
    /* What was not looked at is not taken for gone. */
    assert_int_equal(directory.keys.count, 500);
    patience = 1000;
    scan();
    assert_int_equal(directory.keys.count, 499);
    assert_nobody(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, certdir_setup, certdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_directory_authorises_nobody),
        TEST(files_come_and_go),
        TEST(only_key_files_count),
        TEST(a_change_of_the_same_size_in_the_same_second),
        TEST(a_change_of_metadata_counts),
        TEST(files_are_renamed),
        TEST(files_are_replaced_atomically),
        TEST(of_duplicate_keys_the_first_name_wins),
        TEST(one_file_is_looked_at),
        TEST(a_vanished_directory_keeps_what_was_there),
        TEST(a_missing_directory_is_an_error_at_first_too),
        TEST(linked_files_are_followed),
        TEST(links_are_swapped_as_a_whole),
        TEST(the_directory_itself_may_be_a_link),
        TEST(names_of_any_bytes),
        TEST(many_files),
        TEST(a_long_scan_pauses_and_can_be_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
