#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "certs/json.h"
#include "shim/event.h"

/* Texts that end with NUL: program, message, and the values of an event's fields. */

static char line[EVENT_LINE_MAX + 1];

/* One line, whatever its parts are, without a byte that a terminal or a reader could act upon. */
static void check_line(size_t length)
{
    CHECK(length > 0 && length <= EVENT_LINE_MAX && strlen(line) == length);
    CHECK(line[length - 1] == '\n');
    for (size_t i = 0; i + 1 < length; i++)
        CHECK((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
}

static void check_json(const struct event *event, const struct event_origin *origin)
{
    static struct json_object object;
    const char *level;

    check_line(event_format_json(line, event, origin));
    CHECK(json_read(&object, line, strlen(line)) == NULL);
    CHECK(object.count == 6 + event->count);
    level = json_get(&object, "level");
    CHECK(level != NULL && strcmp(level, event_level_name(event->level)) == 0);
    CHECK(strcmp(object.members[2].name, "event") == 0);
    CHECK(strcmp(object.members[2].text, "auth") == 0);
}

/* RFC 5424: values end at their quote, and the structured data at its bracket. */
static void check_syslog(const struct event *event, const struct event_origin *origin, bool json)
{
    static char datagram[EVENT_SYSLOG_MAX + 1];
    size_t length = event_format_syslog(datagram, event, origin, origin->program, json);
    const char *at = strstr(datagram, " [curveshim@32473 ");
    size_t values = 0;

    CHECK(length > 0 && length <= EVENT_SYSLOG_MAX && strlen(datagram) == length);
    for (size_t i = 0; i < length; i++)
        CHECK((unsigned char)datagram[i] >= 0x20 && datagram[i] != 0x7f);
    CHECK(at != NULL);
    for (at += 2; *at != ']'; at++) {
        CHECK(*at != '\0');
        if (*at != '"')
            continue;
        for (at++; *at != '"'; at++) {
            CHECK(*at != '\0' && *at != ']');
            if (*at == '\\')
                CHECK(*++at == '\\' || *at == '"' || *at == ']');
        }
        values++;
    }
    CHECK(values == 2 + event->count && at[1] == ' ');
    CHECK(!json || (at[2] == '{' && datagram[length - 1] == '}'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"result",  "reason",   "key",      "name",
                                        "address", "endpoint", "repeated", "peer"};
    char *texts[2 + sizeof names / sizeof *names];
    struct event_origin origin = {(int64_t)size * 86399, (unsigned)(size % 1000), 1, NULL, 0};
    struct event event;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fuzz_piece piece = fuzz_cut(&data, &size, '\0');

        texts[i] = fuzz_text(piece.data, piece.size);
    }
    origin.program = texts[0];
    event_init(&event, EVENT_WARNING, "auth", texts[1]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        event_text(&event, names[i], texts[2 + i]);
    check_line(event_format_text(line, &event, &origin));
    check_json(&event, &origin);
    check_syslog(&event, &origin, false);
    check_syslog(&event, &origin, true);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    return 0;
}
