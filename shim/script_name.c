#include "shim/script_name.h"

#include <stdio.h>
#include <string.h>

#define PATH_ROOM 4096

struct words {
    const char *at;
    const char *end; /* of the last complete word */
};

static const char *next(struct words *words)
{
    const char *word = words->at;

    if (word >= words->end)
        return NULL;
    words->at += strlen(word) + 1;
    return word;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

/* "python3.11" is "python": versions and what else is no letter are left out. */
bool script_is_interpreter(const char *program)
{
    static const char *const names[] = {
        "python", "pypy", "node", "nodejs", "perl", "ruby",    "php",     "lua",   "luajit", "java",
        "dotnet", "bash", "sh",   "dash",   "zsh",  "busybox", "Rscript", "julia", "deno",   NULL};
    size_t length = strspn(program, "abcdefghijklmnopqrstuvwxyzR");
    char name[16];

    if (length >= sizeof name || program[length + strspn(program + length, "0123456789.-")] != '\0')
        return false;
    memcpy(name, program, length);
    name[length] = '\0';
    return is_one_of(name, names);
}

static void put(char *name, size_t size, const char *directory, const char *word)
{
    char whole[PATH_ROOM];
    bool absolute = word[0] == '/' || directory == NULL;
    size_t length;

    snprintf(whole, sizeof whole, "%s%s%s", absolute ? "" : directory, absolute ? "" : "/", word);
    length = strlen(whole);
    snprintf(name, size, "%s", length >= size ? whole + (length - size + 1) : whole);
}

void script_name(char *name, size_t size, const char *program, const char *command, size_t length,
                 const char *directory)
{
    static const char *const code[] = {"-c", "-e", "--eval", "-p", "--print", "-", NULL};
    static const char *const with_value[] = {"-X",           "-W",       "-r",  "--require",
                                             "--import",     "--loader", "-cp", "-classpath",
                                             "--class-path", NULL};
    struct words words = {command, command + length};
    const char *word;

    name[0] = '\0';
    while (words.end > words.at && words.end[-1] != '\0')
        words.end--;
    if (!script_is_interpreter(program) || next(&words) == NULL)
        return;
    for (word = next(&words); word != NULL && word[0] == '-'; word = next(&words)) {
        if (is_one_of(word, code))
            return;
        if (strcmp(word, "-m") == 0) {
            directory = NULL;
            word = next(&words);
            break;
        }
        if (strcmp(word, "-jar") == 0) {
            word = next(&words);
            break;
        }
        if (is_one_of(word, with_value))
            (void)next(&words);
    }
    if (word != NULL)
        put(name, size, directory, word);
}
