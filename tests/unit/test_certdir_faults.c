#include "tests/unit/certdir_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char nonsense[] = "curve\n    public-key = \"half a ke";

static void break_file(const char *name)
{
    put_file(name, nonsense, sizeof nonsense - 1);
}

static void a_broken_file_counts_for_two_seconds_and_then_authorises_nobody(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    assert_int_equal(certdir_settle(&directory, now), -1);
    break_file("a.key");
    scan();
    assert_holder(1, "a");
    assert_int_equal(certdir_settle(&directory, now), CERTDIR_GRACE_MS);
    now += CERTDIR_GRACE_MS - 1;
    assert_int_equal(certdir_settle(&directory, now), 1);
    scan();
    assert_holder(1, "a");
    assert_int_equal(logged(""), 0);
    now++;
    assert_int_equal(certdir_settle(&directory, now), -1);
    assert_nobody(1);
    assert_int_equal(logged(""), 1);
    assert_int_equal(logged("a.key"), 1);
    assert_int_equal(logged("error reload: this file authorises nobody: "), 1);
    for (int i = 0; i < 5; i++) {
        now += 1000;
        scan();
        assert_int_equal(certdir_settle(&directory, now), -1);
    }
    assert_int_equal(logged(""), 1);
}

static void a_scan_withdraws_it_as_well(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    break_file("a.key");
    scan();
    now += CERTDIR_GRACE_MS;
    scan();
    assert_nobody(1);
    assert_int_equal(logged("a.key"), 1);
}

static void a_file_that_is_finished_in_time_is_not_reported(void **state)
{
    (void)state;
    break_file("a.key");
    scan();
    assert_nobody(1);
    now += CERTDIR_GRACE_MS - 1;
    put_key("a.key", 1, "");
    certdir_touch(&directory, "a.key", now);
    assert_holder(1, "a");
    now += 2 * CERTDIR_GRACE_MS;
    assert_int_equal(certdir_settle(&directory, now), -1);
    scan();
    assert_holder(1, "a");
    assert_int_equal(logged(""), 0);
}

static void a_mended_file_counts_again_and_breaks_again(void **state)
{
    (void)state;
    for (int round = 1; round <= 3; round++) {
        break_file("a.key");
        scan();
        now += CERTDIR_GRACE_MS;
        (void)certdir_settle(&directory, now);
        assert_nobody(1);
        assert_int_equal(logged("authorises nobody"), round);
        put_key("a.key", 1, "");
        scan();
        assert_holder(1, "a");
        now += 1000;
    }
}

static void a_broken_file_delays_no_other(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    put_key("b.key", 2, "");
    scan();
    break_file("a.key");
    put_key("c.key", 3, "");
    remove_path("b.key");
    scan();
    assert_holder(1, "a");
    assert_nobody(2);
    assert_holder(3, "c");
    put_key("d.key", 1, "");
    scan();
    now += CERTDIR_GRACE_MS;
    (void)certdir_settle(&directory, now);
    assert_holder(1, "d");
}

static void the_next_settling_is_the_earliest(void **state)
{
    (void)state;
    break_file("a.key");
    scan();
    now += 500;
    break_file("b.key");
    scan();
    assert_int_equal(certdir_settle(&directory, now), CERTDIR_GRACE_MS - 500);
    now += CERTDIR_GRACE_MS - 500;
    assert_int_equal(certdir_settle(&directory, now), 500);
    assert_int_equal(logged(""), 1);
    now += 500;
    assert_int_equal(certdir_settle(&directory, now), -1);
    assert_int_equal(logged(""), 2);
}

static void a_broken_file_that_is_removed_is_forgotten(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    break_file("a.key");
    scan();
    remove_path("a.key");
    scan();
    assert_nobody(1);
    now += CERTDIR_GRACE_MS;
    assert_int_equal(certdir_settle(&directory, now), -1);
    assert_int_equal(logged(""), 0);
}

static void a_broken_file_still_revokes(void **state)
{
    (void)state;
    directory.revokes = true;
    put_key("a.key", 1, "");
    scan();
    break_file("a.key");
    scan();
    now += CERTDIR_GRACE_MS;
    (void)certdir_settle(&directory, now);
    scan();
    assert_holder(1, "a");
    assert_int_equal(logged("revokes nothing new"), 1);
    remove_path("a.key");
    scan();
    assert_nobody(1);
}

/* Whatever stands where a certificate should be. */
static void only_the_key_counts_for_a_revocation(void **state)
{
    (void)state;
    directory.revokes = true;
    put_key("a.key", 1, "    expires = \"soon\"\n    addresses = \"here\"\n");
    scan();
    assert_holder(1, "a");
}

static void what_is_no_certificate(void **state)
{
    static char large[65537];

    (void)state;
    memset(large, '#', sizeof large);
    put_file("empty.key", "", 0);
    put_file("large.key", large, sizeof large);
    put_file("nul.key", "curve\0", 6);
    put_file("zero.key", "curve\n    public-key = \"0000000000000000000000000000000000000000\"\n",
             66);
    put_file("short.key", "curve\n    public-key = \"abc\"\n", 29);
    put_key("time.key", 1, "    expires = soon\n");
    put_key("cidr.key", 2, "    addresses = 10.0.0.0/99\n");
    make_directory("directory.key", 0755);
    make_directory("good.key.d", 0755);
    put_key("good.key", 3, "");
    scan();
    assert_int_equal(directory.keys.count, 1);
    now += CERTDIR_GRACE_MS;
    assert_int_equal(certdir_settle(&directory, now), -1);
    assert_int_equal(directory.keys.count, 1);
    assert_holder(3, "good");
    assert_int_equal(logged("authorises nobody"), 8);
    assert_int_equal(logged("time.key: metadata 'expires'"), 1);
    assert_int_equal(logged("cidr.key: metadata 'addresses'"), 1);
    assert_int_equal(logged("large.key: too large"), 1);
    assert_int_equal(logged("directory.key: not a regular file"), 1);
}

static void a_pipe_does_not_block(void **state)
{
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/pipe.key", directory.path);
    assert_int_equal(mkfifo(path, 0644), 0);
    put_key("a.key", 1, "");
    scan();
    assert_holder(1, "a");
    now += CERTDIR_GRACE_MS;
    (void)certdir_settle(&directory, now);
    assert_int_equal(logged("pipe.key: not a regular file"), 1);
}

static void a_name_cannot_forge_a_line(void **state)
{
    (void)state;
    break_file("x\n2001-09-09T01:46:40.005Z agent[1] info auth: ok.key");
    scan();
    now += CERTDIR_GRACE_MS;
    (void)certdir_settle(&directory, now);
    assert_int_equal(logged(""), 1);
    assert_int_equal(logged("x\\u000a2001"), 1);
}

static void a_file_that_others_can_write_authorises_nobody(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    set_mode("a.key", 0666);
    scan();
    assert_holder(1, "a");
    now += CERTDIR_GRACE_MS;
    (void)certdir_settle(&directory, now);
    assert_nobody(1);
    assert_int_equal(logged("chmod o-w"), 1);
    set_mode("a.key", 0664);
    scan();
    assert_holder(1, "a");
}

static void a_directory_that_others_can_write_is_refused(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    set_mode(".", 0777);
    scan_fails(EPERM);
    assert_nobody(1);
    assert_non_null(strstr(error.text, "chmod go-w"));
    set_mode(".", 01777);
    scan_fails(EPERM);
    set_mode(".", 0755);
    scan();
    assert_holder(1, "a");
    set_mode(".", 0777);
    put_key("b.key", 2, "");
    remove_path("a.key");
    scan_fails(EPERM);
    assert_holder(1, "a");
    assert_nobody(2);
}

static void a_directory_that_cannot_be_read_keeps_what_was_there(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    remove_path("a.key");
    set_mode(".", 0300);
    if (!drop_privileges())
        skip();
    scan_fails(EACCES);
    assert_holder(1, "a");
    regain_privileges();
    set_mode(".", 0755);
    scan();
    assert_nobody(1);
}

static void a_file_that_cannot_be_read_keeps_what_it_said(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    put_key("b.key", 2, "");
    scan();
    put_key("a.key", 3, "");
    set_mode("a.key", 0);
    put_key("new.key", 4, "");
    set_mode("new.key", 0);
    if (!drop_privileges())
        skip();
    for (int i = 0; i < 3; i++) {
        scan();
        (void)certdir_settle(&directory, now);
        assert_holder(1, "a");
        assert_holder(2, "b");
        assert_nobody(4);
        now += CERTDIR_GRACE_MS;
    }
    assert_int_equal(logged("a.key"), 1);
    assert_int_equal(logged("new.key"), 1);
    regain_privileges();
    set_mode("a.key", 0644);
    set_mode("new.key", 0644);
    scan();
    assert_nobody(1);
    assert_holder(3, "a");
    assert_holder(4, "new");
}

static void once_readable_and_broken_it_authorises_nobody(void **state)
{
    (void)state;
    put_key("a.key", 1, "");
    scan();
    break_file("a.key");
    set_mode("a.key", 0);
    if (!drop_privileges())
        skip();
    scan();
    regain_privileges();
    set_mode("a.key", 0644);
    certdir_touch(&directory, "a.key", now);
    assert_holder(1, "a");
    assert_int_equal(certdir_settle(&directory, now), CERTDIR_GRACE_MS);
    now += CERTDIR_GRACE_MS;
    assert_int_equal(certdir_settle(&directory, now), -1);
    assert_nobody(1);
    assert_int_equal(logged("authorises nobody"), 1);
}

static void a_file_that_cannot_be_found_out_about_keeps_what_it_said(void **state)
{
    (void)state;
    make_directory("../elsewhere", 0755);
    put_key("../elsewhere/x", 1, "");
    put_link("a.key", "../elsewhere/x");
    scan();
    assert_holder(1, "a");
    set_mode("../elsewhere", 0);
    if (!drop_privileges())
        skip();
    certdir_touch(&directory, "a.key", now);
    assert_holder(1, "a");
    scan();
    assert_holder(1, "a");
    regain_privileges();
    set_mode("../elsewhere", 0755);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, certdir_setup, certdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broken_file_counts_for_two_seconds_and_then_authorises_nobody),
        TEST(a_scan_withdraws_it_as_well),
        TEST(a_file_that_is_finished_in_time_is_not_reported),
        TEST(a_mended_file_counts_again_and_breaks_again),
        TEST(a_broken_file_delays_no_other),
        TEST(the_next_settling_is_the_earliest),
        TEST(a_broken_file_that_is_removed_is_forgotten),
        TEST(a_broken_file_still_revokes),
        TEST(only_the_key_counts_for_a_revocation),
        TEST(what_is_no_certificate),
        TEST(a_pipe_does_not_block),
        TEST(a_name_cannot_forge_a_line),
        TEST(a_file_that_others_can_write_authorises_nobody),
        TEST(a_directory_that_others_can_write_is_refused),
        TEST(a_directory_that_cannot_be_read_keeps_what_was_there),
        TEST(a_file_that_cannot_be_read_keeps_what_it_said),
        TEST(once_readable_and_broken_it_authorises_nobody),
        TEST(a_file_that_cannot_be_found_out_about_keeps_what_it_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
