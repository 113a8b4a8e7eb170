#include "shim/zap_decision.h"

#include <string.h>
#include <time.h>

#include "shim/auth_event.h"
#include "shim/connection_label.h"
#include "shim/connections.h"
#include "shim/metrics.h"
#include "shim/review.h"
#include "shim/state_page.h"
#include "shim/superseded.h"

static void decide_by_set(struct decision *decision, const struct binding *binding,
                          const struct zap_request *request)
{
    struct timespec now;
    struct access access;

    clock_gettime(CLOCK_REALTIME, &now);
    access.address = connection_label_skip(request->address);
    access.endpoint = binding->endpoint;
    access.resolved = binding->resolved;
    access.now = now.tv_sec;
    authorized_decide(decision, request->key, binding->ipc, &access);
    superseded_judge(decision, binding, access.now);
}

void zap_decide(struct decision *decision, struct binding *binding,
                const struct zap_request *request)
{
    uint64_t id;
    int fd;

    memset(binding, 0, sizeof *binding);
    memset(decision, 0, sizeof *decision);
    decision->status = 300;
    if (!bindings_find(request->domain, binding)) {
        decision->reason = "the endpoint is closing";
        memset(binding, 0, sizeof *binding);
    } else if (!connection_label_read(request->address, &fd, &id)) {
        /* Out of memory, or gone before it could be asked whence it came. */
        decision->reason = "the connection could not be identified";
    } else if (connections_asked(fd, id, request->key, request->domain,
                                 connection_label_skip(request->address))) {
        decide_by_set(decision, binding, request);
    }
}

void zap_decision_put_off(const struct zap_request *request)
{
    uint64_t id;
    int fd;

    if (connection_label_read(request->address, &fd, &id))
        connections_waits(fd, id);
}

void zap_decide_again(struct decision *decision, const struct binding *binding,
                      const struct zap_request *request)
{
    uint64_t id;
    int fd;

    /* First, so that a change of the set either counts here or finds the connection. */
    if (connection_label_read(request->address, &fd, &id))
        connections_decided(fd, id, true, decision->name);
    decide_by_set(decision, binding, request);
}

void zap_decision_settle(const struct decision *decision, const struct binding *binding,
                         const struct zap_request *request)
{
    const bool allowed = decision->status == 200;
    const struct auth_asker asker = {request->key, connection_label_skip(request->address),
                                     binding};
    uint64_t id;
    int fd;

    if (decision->reason == NULL)
        return; /* the connection has ended meanwhile */
    if (connection_label_read(request->address, &fd, &id))
        connections_decided(fd, id, allowed, decision->name);
    if (allowed)
        review_expect(decision);
    metrics_count(allowed ? METRIC_AUTHENTICATION_ALLOWED : METRIC_AUTHENTICATION_DENIED,
                  decision->reason);
    if (binding->endpoint[0] == '\0')
        return; /* closing */
    state_page_count(allowed ? STATE_ACCEPTED : STATE_DENIED);
    auth_event_decided(decision, &asker);
}
