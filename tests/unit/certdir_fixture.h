#ifndef CURVESHIM_TESTS_UNIT_CERTDIR_FIXTURE_H
#define CURVESHIM_TESTS_UNIT_CERTDIR_FIXTURE_H

#include "tests/unit/unit.h"

#include "shim/certdir.h"

/* A fresh directory "certs" in a temporary one, a table on it, and a log file beside it. Files are
 * named relative to "certs". Time starts at 1000 ms and passes only where a test says so. */

extern struct certdir directory;
extern struct cert_error error;
extern int64_t now;

int certdir_setup(void **state);
int certdir_teardown(void **state);

/* A certificate whose public key is made of number, with lines of metadata ("" for none). */
void put_key(const char *name, int number, const char *metadata);
void put_file(const char *name, const char *text, size_t length);
void put_link(const char *name, const char *target);
void move_file(const char *from, const char *to);
void remove_path(const char *name);
void make_directory(const char *name, unsigned mode);
void set_mode(const char *name, unsigned mode);

void scan(void);
void scan_fails(int code);

/* The name in force for the key made of number, or NULL: it is not in the table. */
const char *holder(int number);
#define assert_holder(number, name)                                                                \
    do {                                                                                           \
        assert_non_null(holder(number));                                                           \
        assert_string_equal(holder(number), name);                                                 \
    } while (0)
#define assert_nobody(number) assert_null(holder(number))

/* How many lines have been logged that contain text; "" counts all. */
unsigned logged(const char *text);

/* File permissions do not bind root. False: they cannot be tested here. */
bool drop_privileges(void);
void regain_privileges(void);

#endif
