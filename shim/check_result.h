#ifndef CURVESHIM_SHIM_CHECK_RESULT_H
#define CURVESHIM_SHIM_CHECK_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "shim/check_value.h"

/* The answer to one target. */

/* From the best to the worst: the worst that anything asks for becomes the answer. */
enum check_verdict {
    CHECK_SECURED,
    CHECK_UNKNOWN,
    CHECK_BLOCKED, /* nothing leaves in clear, but nothing arrives either */
    CHECK_NOT_SECURED,
    CHECK_CANNOT,
};

struct check_result {
    const char *target;
    const char *kind; /* program, library, script, archive, process, endpoint, other */
    enum check_verdict verdict;
    struct check_value *reasons;
    struct check_value *details;
    char *remedy;
    enum check_verdict remedy_for;
};

void check_result_init(struct check_result *result, const char *target, const char *kind);
void check_result_free(struct check_result *result);

/* Worsens the verdict, and says why; CHECK_SECURED only adds a reason. */
void check_reason(struct check_result *result, enum check_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What mends a verdict. The remedy for the worst one is kept, of several the first. */
void check_remedy(struct check_result *result, enum check_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void check_result_text(FILE *out, const struct check_result *result);
void check_result_json(FILE *out, const struct check_result *result);

/* The exit status for one answer, and for two together: 1 over 2 over 0. */
int check_status(enum check_verdict verdict);
int check_status_join(int one, int other);

#endif
