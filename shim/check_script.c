#include <stdlib.h>
#include <string.h>

#include "shim/check_file.h"

#define LINE_MAX_LENGTH 4096
#define WORDS 64

/* The first line after "#!"; the kernel splits it once, env -S splits the rest. */
static size_t split(char *line, char *words[WORDS])
{
    size_t count = 0;
    char *rest = NULL;

    for (char *word = strtok_r(line, " \t\r", &rest); word != NULL && count < WORDS;
         word = strtok_r(NULL, " \t\r", &rest))
        words[count++] = word;
    return count;
}

/* The program that env will run: options, their values and assignments come before it. */
static const char *env_program(char *words[WORDS], size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *word = words[i];

        if (strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0)
            i++;
        else if (strncmp(word, "-S", 2) == 0 && word[2] != '\0')
            return word + 2;
        else if (word[0] != '-' && strchr(word, '=') == NULL)
            return word;
    }
    return NULL;
}

static void follow(struct check_result *result, const char *name, unsigned depth)
{
    const char *kind = result->kind;
    char *path = check_file_find(name);

    if (path == NULL) {
        check_reason(result, CHECK_UNKNOWN, "%s is not in PATH", name);
        check_remedy(result, CHECK_UNKNOWN, "install %s, or set PATH as the script will see it",
                     name);
        return;
    }
    check_reason(result, CHECK_SECURED, "it is run by %s", path);
    if (depth == 0)
        check_set_text(result->details, "runner", path);
    check_file(result, path, depth + 1);
    result->kind = kind;
    free(path);
}

void check_script(struct check_result *result, const char *path, const struct check_bytes *bytes,
                  unsigned depth)
{
    size_t size = bytes->size < LINE_MAX_LENGTH ? bytes->size : LINE_MAX_LENGTH;
    char *words[WORDS];
    char *line;
    const char *program;

    (void)path;
    result->kind = "script";
    line = check_format("%.*s", (int)(size - 2), (const char *)bytes->data + 2);
    line[strcspn(line, "\n")] = '\0';
    size = split(line, words);
    program = size != 0 ? words[0] : NULL;
    if (program != NULL && strcmp(check_base_name(program), "env") == 0)
        program = env_program(words, size);
    if (program == NULL)
        check_reason(result, CHECK_UNKNOWN, "its first line names no interpreter");
    else
        follow(result, program, depth);
    free(line);
}

void check_archive(struct check_result *result, const char *path, const struct check_bytes *bytes,
                   unsigned depth)
{
    bool archive = check_bytes_begin(bytes, "PK");
    bool java = !archive || check_bytes_contain(bytes, 0, bytes->size, "META-INF/MANIFEST.MF") ||
                check_bytes_contain(bytes, 0, bytes->size, ".class");

    result->kind = "archive";
    if (!java) {
        check_reason(result, CHECK_UNKNOWN, "%s is an archive of data", path);
        check_remedy(result, CHECK_UNKNOWN, "name the program that runs it");
        return;
    }
    if (check_bytes_contain(bytes, 0, bytes->size, "org/zeromq/") ||
        check_bytes_contain(bytes, 0, bytes->size, "jeromq")) {
        check_reason(result, CHECK_BLOCKED,
                     "Java code with JeroMQ, which speaks ZMTP itself: it goes through libc, so "
                     "that in clear it is blocked");
        check_remedy(result, CHECK_BLOCKED,
                     "have the program configure CURVE in JeroMQ itself, or use a binding of "
                     "libzmq (JNA)");
    }
    follow(result, "java", depth);
}
