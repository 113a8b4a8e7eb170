#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "certs/fleet_draft.h"
#include "certs/fleet_event.h"
#include "certs/fleet_map.h"
#include "certs/fleet_plan.h"

/* Logs from which a fleet file is drafted: two of them, one of every other line. Whatever is in
 * them, the draft has lines of its own only, and those that count make a fleet. */

static void read_lines(struct fleet_map *map, const uint8_t *data, size_t size)
{
    static struct json_object object;
    static const char *const sources[] = {"logs/brain.json", "logs/ear.json"};

    for (unsigned number = 0; size > 0; number++) {
        struct fuzz_piece piece = fuzz_cut(&data, &size, '\n');
        char *line = fuzz_text(piece.data, piece.size);
        struct fleet_event event;

        if (fleet_event_read(&event, &object, line, piece.size) == FLEET_LINE_EVENT)
            CHECK(fleet_map_add(map, sources[number % 2], &event, NULL) == 0);
        free(line);
    }
}

static void check_names(const struct fleet_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        CHECK(fleet_check_name(map->agents[i].name, NULL) == 0);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(map->agents[i].name, map->agents[j].name) != 0);
    }
}

static void check_draft(const struct fleet_draft *draft, const char *text, size_t length)
{
    struct fleet fleet = {0};
    size_t connects = 0;

    CHECK(strlen(text) == length);
    for (const char *at = text; *at != '\0'; at++)
        CHECK((unsigned char)*at >= ' ' || *at == '\n');
    if (draft->agents > 0) {
        CHECK(fleet_parse(&fleet, text, length, "FILE", NULL) == 0);
        CHECK(fleet_plan(&fleet, NULL) == 0);
    }
    CHECK(fleet.count == draft->agents);
    for (size_t i = 0; i < fleet.count; i++)
        connects += fleet.agents[i].connect_count;
    CHECK(connects == draft->connects);
    fleet_free(&fleet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fleet_map map = {0};
    struct fleet_draft draft;
    char *text = NULL;
    size_t length = 0;
    FILE *stream;

    read_lines(&map, data, size);
    fleet_map_finish(&map);
    fleet_match(&map);
    CHECK(fleet_names(&map, NULL) == 0);
    check_names(&map);
    stream = open_memstream(&text, &length);
    CHECK(stream != NULL);
    CHECK(fleet_draft_write(&draft, &map, stream, NULL) == 0);
    CHECK(fclose(stream) == 0);
    check_draft(&draft, text, length);
    free(text);
    fleet_map_free(&map);
    return 0;
}
