#include "certs/fleet_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/fleet_draft.h"
#include "certs/fleet_map.h"
#include "certs/fleet_plan.h"
#include "certs/tool.h"

/* An event and what a log shipper may put before it. */
#define LINE_MAX_LENGTH (JSON_LENGTH_MAX + 1024)

struct reading {
    struct fleet_map map;
    struct json_object object;
    size_t events, text_events, broken;
    char line[LINE_MAX_LENGTH + 1];
};

/* The length of the next line; of a longer one only what there is room for is kept. -1 at the end.
 */
static long next_line(FILE *file, char line[LINE_MAX_LENGTH + 1])
{
    long length = 0;
    int c;

    while ((c = getc_unlocked(file)) != EOF && c != '\n')
        if (length < LINE_MAX_LENGTH)
            line[length++] = (char)c;
    return c == EOF && length == 0 ? -1 : length;
}

/* The log without the number that a rotation gave it: brain.json.1 is of the same agent. */
static char *source_name(const char *file)
{
    char *name = strdup(file), *dot = name != NULL ? strrchr(name, '.') : NULL;

    if (dot != NULL && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
        *dot = '\0';
    return name;
}

static int take_line(struct reading *reading, const char *source, long length,
                     struct cert_error *error)
{
    struct fleet_event event;

    switch (fleet_event_read(&event, &reading->object, reading->line, (size_t)length)) {
    case FLEET_LINE_EVENT:
        reading->events++;
        return fleet_map_add(&reading->map, source, &event, error);
    case FLEET_LINE_TEXT:
        reading->text_events++;
        return 0;
    case FLEET_LINE_BROKEN:
        reading->broken++;
        return 0;
    default:
        return 0;
    }
}

static int read_lines(struct reading *reading, FILE *file, const char *path,
                      struct cert_error *error)
{
    char *source = source_name(file == stdin ? "stdin" : path);
    int result = 0;
    long length;

    if (source == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    while (result == 0 && (length = next_line(file, reading->line)) >= 0)
        result = take_line(reading, source, length, error);
    if (result == 0 && ferror(file))
        result = cert_fail(error, errno, "%s: %s", path, strerror(errno));
    free(source);
    return result;
}

static int read_log(struct reading *reading, const char *path, struct cert_error *error)
{
    FILE *file;
    int result;

    if (strcmp(path, "-") == 0)
        return read_lines(reading, stdin, path, error);
    file = fopen(path, "re");
    if (file == NULL)
        return cert_fail(error, errno, "%s: %s", path, strerror(errno));
    result = read_lines(reading, file, path, error);
    fclose(file);
    return result;
}

static int check_events(const struct reading *reading)
{
    if (reading->broken > 0)
        tool_complain("%zu lines begin like events, but can't be read, and are left out",
                      reading->broken);
    if (reading->text_events > 0)
        tool_complain("%zu events are in the text format, and are left out: log them with "
                      "SECURE_ZMQ_LOG_FORMAT=json",
                      reading->text_events);
    if (reading->events > 0)
        return TOOL_DONE;
    return tool_complain("there is no bind or connect in these logs: run the agents with "
                         "SECURE_ZMQ=audit and SECURE_ZMQ_LOG_FORMAT=json");
}

static void say_end(const struct fleet_draft *draft)
{
    if (draft->unmatched > 0)
        tool_complain("%zu connects have no bind in the logs: look for UNMATCHED in the draft",
                      draft->unmatched);
    if (draft->doubtful > 0)
        tool_complain("%zu lines are not certain: look for CHECK in the draft", draft->doubtful);
    if (draft->agents == 0)
        tool_complain("no agent can be secured as it is: the draft has comments only");
}

/* The draft is read back before anybody sees it. */
static int print(struct fleet_map *map)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    struct cert_error error = {0};
    struct fleet_draft draft;
    struct fleet fleet = {0};
    int result = -1;

    if (stream == NULL)
        return tool_complain("out of memory");
    if (fleet_draft_write(&draft, map, stream, &error) != 0)
        (void)fclose(stream);
    else if (fclose(stream) != 0)
        cert_fail(&error, ENOMEM, "out of memory");
    else
        result = draft.agents == 0 ? 0 : fleet_parse(&fleet, text, length, "draft", &error);
    if (result == 0 && draft.agents > 0)
        result = fleet_plan(&fleet, &error);
    if (result == 0) {
        fputs(text, stdout);
        say_end(&draft);
    } else {
        tool_complain_error(&error);
    }
    fleet_free(&fleet);
    free(text);
    return result == 0 ? TOOL_DONE : TOOL_FAILED;
}

int fleet_from_logs(int count, char **files)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct cert_error error = {0};
    int status = TOOL_DONE;

    if (reading == NULL)
        return tool_complain("out of memory");
    for (int i = 0; status == TOOL_DONE && i < count; i++)
        if (read_log(reading, files[i], &error) != 0)
            status = tool_complain_error(&error);
    if (status == TOOL_DONE)
        status = check_events(reading);
    if (status == TOOL_DONE) {
        fleet_map_finish(&reading->map);
        fleet_match(&reading->map);
        status = fleet_names(&reading->map, &error) == 0 ? print(&reading->map)
                                                         : tool_complain_error(&error);
    }
    fleet_map_free(&reading->map);
    free(reading);
    return status;
}
