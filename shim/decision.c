#include "shim/decision.h"

#include <stdio.h>

void decision_by_address(struct decision *decision, const struct config *config,
                         const struct access *access)
{
    if (decision->status != 200 || access->address == NULL)
        return;
    if (cidr_list_match(&config->deny, access->address)) {
        decision->status = 300;
        decision->reason = "address denied by SECURE_ZMQ_DENY";
    } else if (config->has_allow && !cidr_list_match(&config->allow, access->address)) {
        decision->status = 300;
        decision->reason = "address not in SECURE_ZMQ_ALLOW";
    }
}

void decision_by_key(struct decision *decision, const struct config *config,
                     const struct certdir *authorized, const struct certdir *revoked,
                     const uint8_t key[KEY_BYTES], const struct access *access)
{
    const struct certdir_file *file = certdir_find(revoked, key);
    const char *refusal;

    *decision = (struct decision){300, "unknown key", .changes = INT64_MAX, .begins = INT64_MIN};
    if (file != NULL) {
        decision->status = 400;
        decision->reason = "revoked";
        snprintf(decision->name, sizeof decision->name, "%s", file->policy->name);
        return;
    }
    if (config->authorized_any) {
        decision->status = 200;
        decision->reason = "any key is accepted";
        return;
    }
    file = certdir_find(authorized, key);
    if (file == NULL)
        return;
    snprintf(decision->name, sizeof decision->name, "%s", file->policy->name);
    refusal = policy_refusal(file->policy, access);
    decision->status = refusal == NULL ? 200 : 300;
    decision->superseded = refusal == NULL && file->policy->superseded;
    decision->begins = file->policy->not_before;
    decision->changes = policy_next_change(file->policy, access->now);
    decision->reason = decision->superseded ? "superseded key"
                       : refusal == NULL    ? "authorised"
                                            : refusal;
}
