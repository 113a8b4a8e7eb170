#ifndef CURVESHIM_SHIM_METRICS_TABLE_H
#define CURVESHIM_SHIM_METRICS_TABLE_H

#include "shim/metrics.h"

/* The metrics' names and labels, all known at compile time: so their number is bounded, and each
 * series is there from the start, with 0. */

#define METRICS_REASONS 24 /* at most, "other" included */

struct metric_row {
    const char *family; /* rows of one family follow one another */
    const char *help;
    const char *labels;         /* besides the reason: "role=\"server\"", or NULL */
    const char *const *reasons; /* NULL-terminated, the last is "other"; NULL: no such label */
};

struct gauge_row {
    const char *family;
    const char *help;
    const char *labels;
    bool absent_at_zero;
};

extern const struct metric_row metrics_rows[METRIC_COUNT];
extern const struct gauge_row metrics_gauge_rows[GAUGE_COUNT];

/* The index of a reason in a row; of "other" for one that is not listed; 0 without reasons. */
unsigned metrics_reason(const struct metric_row *row, const char *reason);

#endif
