#include "shim/authorized_metrics.h"

#include <time.h>

#include "shim/metrics.h"

static unsigned long measured;
static int64_t soonest = INT64_MAX;

/* The next expiry to come. One that has passed is nothing to be warned of any more. */
static int64_t next_expiry(const struct certdir *directory, int64_t now)
{
    int64_t next = INT64_MAX;
    struct table_node *node;
    size_t bucket;

    for (node = table_each(&directory->keys, &bucket, NULL); node != NULL;
         node = table_each(&directory->keys, &bucket, node)) {
        const struct policy *policy = table_owner(node, struct certdir_file, by_key)->policy;

        if (policy->expires > now && policy->expires < next)
            next = policy->expires;
    }
    return next;
}

void authorized_measure(const struct certdir *authorised, const struct certdir *revoked)
{
    unsigned long changes = authorised->changes + revoked->changes;
    int64_t now = (int64_t)time(NULL);

    if (changes == measured && now < soonest)
        return;
    measured = changes;
    soonest = next_expiry(authorised, now);
    metrics_gauge_set(GAUGE_AUTHORISED, (int64_t)authorised->keys.count);
    metrics_gauge_set(GAUGE_REVOKED, (int64_t)revoked->keys.count);
    metrics_gauge_set(GAUGE_EXPIRY_AUTHORISED, soonest == INT64_MAX ? 0 : soonest);
}
