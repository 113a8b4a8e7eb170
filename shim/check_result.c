#include "shim/check_result.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"secured", "could not tell", "blocked", "not secured",
                                    "cannot be secured"};

void check_result_init(struct check_result *result, const char *target, const char *kind)
{
    memset(result, 0, sizeof *result);
    result->target = target;
    result->kind = kind;
    result->reasons = check_array_new();
    result->details = check_object_new();
}

void check_result_free(struct check_result *result)
{
    check_value_free(result->reasons);
    check_value_free(result->details);
    free(result->remedy);
}

static char *formatted(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *formatted(const char *format, va_list arguments)
{
    char *text;

    if (vasprintf(&text, format, arguments) < 0)
        err(2, "memory");
    return text;
}

void check_reason(struct check_result *result, enum check_verdict verdict, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = formatted(format, arguments);
    va_end(arguments);
    check_add_text(result->reasons, text);
    free(text);
    if (verdict > result->verdict)
        result->verdict = verdict;
}

void check_remedy(struct check_result *result, enum check_verdict verdict, const char *format, ...)
{
    va_list arguments;

    if (result->remedy != NULL && verdict <= result->remedy_for)
        return;
    free(result->remedy);
    va_start(arguments, format);
    result->remedy = formatted(format, arguments);
    va_end(arguments);
    result->remedy_for = verdict;
}

void check_result_text(FILE *out, const struct check_result *result)
{
    check_write_escaped(out, result->target, false);
    fprintf(out, ": %s\n", words[result->verdict]);
    for (size_t i = 0; i < check_count(result->reasons); i++) {
        fputs("  ", out);
        check_write_escaped(out, check_text_at(result->reasons, i), false);
        fputc('\n', out);
    }
    if (result->remedy != NULL) {
        fputs("  remedy: ", out);
        check_write_escaped(out, result->remedy, false);
        fputc('\n', out);
    }
}

void check_result_json(FILE *out, const struct check_result *result)
{
    fputs("{\"target\": ", out);
    check_write_json(out, result->target);
    fprintf(out, ", \"kind\": \"%s\", \"verdict\": \"%s\", \"reasons\": ", result->kind,
            words[result->verdict]);
    check_value_write(out, result->reasons);
    fputs(", \"remedy\": ", out);
    check_write_json(out, result->remedy);
    fputs(", \"details\": ", out);
    check_value_write(out, result->details);
    fputs("}\n", out);
}

int check_status(enum check_verdict verdict)
{
    return verdict == CHECK_SECURED ? 0 : verdict == CHECK_UNKNOWN ? 2 : 1;
}

int check_status_join(int one, int other)
{
    static const int order[] = {0, 2, 1};

    return order[one] > order[other] ? one : other;
}
