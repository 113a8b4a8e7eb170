#include "shim/metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shim/metrics_table.h"

#define LABEL_ROOM 160

struct out {
    char *at;
    char *end;
    const struct metrics_process *process;
    char own[3 * LABEL_ROOM]; /* the labels that every sample has */
};

__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(out->at, (size_t)(out->end - out->at), format, arguments);
    va_end(arguments);
    out->at = length < 0 || length >= out->end - out->at ? out->end : out->at + length;
}

static void escape(char value[LABEL_ROOM], const char *text)
{
    char *at = value, *end = value + LABEL_ROOM - 2;

    for (; *text != '\0' && at < end; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = (char)(*text >= ' ' && *text <= '~' ? *text : '_');
    }
    *at = '\0';
}

static void put_head(struct out *out, const char *family, const char *help, const char *type)
{
    put(out, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
}

static void put_sample(struct out *out, const char *family, const char *labels, const char *reason)
{
    put(out, "%s{%s", family, out->own);
    if (labels != NULL)
        put(out, ",%s", labels);
    if (reason != NULL)
        put(out, ",reason=\"%s\"", reason);
    put(out, "} ");
}

static void put_counters(struct out *out)
{
    for (enum metric i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metrics_rows[i];

        if (i == 0 || strcmp(row->family, metrics_rows[i - 1].family) != 0)
            put_head(out, row->family, row->help, "counter");
        for (unsigned r = 0; r == 0 || (row->reasons != NULL && row->reasons[r] != NULL); r++) {
            put_sample(out, row->family, row->labels,
                       row->reasons != NULL ? row->reasons[r] : NULL);
            put(out, "%" PRIu64 "\n", metrics_value(i, r));
        }
    }
}

static void put_gauges(struct out *out)
{
    for (enum metrics_gauge i = 0; i < GAUGE_COUNT; i++) {
        const struct gauge_row *row = &metrics_gauge_rows[i];
        int64_t value = metrics_gauge_value(i);

        if (i == 0 || strcmp(row->family, metrics_gauge_rows[i - 1].family) != 0)
            put_head(out, row->family, row->help, "gauge");
        if (value == 0 && row->absent_at_zero)
            continue;
        put_sample(out, row->family, row->labels, NULL);
        put(out, "%" PRId64 "\n", value);
    }
}

static void put_process(struct out *out)
{
    put_head(out, "curveshim_build_info", "1, with the version of the library.", "gauge");
    put(out, "curveshim_build_info{%s,version=\"%s\",mode=\"%s\"} 1\n", out->own, CURVESHIM_VERSION,
        out->process->mode);
    put_head(out, "curveshim_process_start_time_seconds", "When the process started.", "gauge");
    put_sample(out, "curveshim_process_start_time_seconds", NULL, NULL);
    put(out, "%" PRId64 ".%03d\n", out->process->started / 1000,
        (int)(out->process->started % 1000));
}

size_t metrics_format(char text[METRICS_TEXT_ROOM], const struct metrics_process *process)
{
    struct out out = {text, text + METRICS_TEXT_ROOM, process, ""};
    char program[LABEL_ROOM], label[LABEL_ROOM];

    escape(program, process->program);
    escape(label, process->process);
    snprintf(out.own, sizeof out.own, "program=\"%s\",process=\"%s\"", program, label);
    put(&out, "# %s\n", process->comment);
    put_process(&out);
    put_counters(&out);
    put_gauges(&out);
    return out.at == out.end ? 0 : (size_t)(out.at - text);
}
