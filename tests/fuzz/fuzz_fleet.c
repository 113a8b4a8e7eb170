#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "certs/fleet_plan.h"

/* The file of a fleet. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fleet fleet = {0};
    struct cert_error error = {0};

    if (fleet_parse(&fleet, (const char *)data, size, "FILE", &error) == 0 &&
        fleet_plan(&fleet, &error) == 0) {
        for (size_t i = 0; i < fleet.count; i++) {
            const struct fleet_agent *agent = &fleet.agents[i];

            CHECK(agent->name[0] != '\0' && strchr(agent->name, '/') == NULL);
            CHECK(agent->name[0] != '.' && strcmp(agent->name, FLEET_REMOVED) != 0);
            CHECK(fleet_find(&fleet, agent->name) == agent);
            for (size_t k = 0; k < agent->connect_count; k++) {
                size_t listener = agent->connects[k].listener;
                char *endpoints;

                CHECK(listener < fleet.count);
                endpoints = fleet_endpoints(&fleet, listener, i);
                CHECK(endpoints != NULL && endpoints[0] != '\0');
                free(endpoints);
            }
        }
    } else {
        CHECK(error.code != 0 && strstr(error.text, "FILE") != NULL);
    }
    fleet_free(&fleet);
    return 0;
}
