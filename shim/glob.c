#include "shim/glob.h"

#include <stdlib.h>
#include <string.h>

bool glob_match(const char *glob, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text != '\0') {
        if (*glob == '*') {
            star = glob++;
            resume = text;
        } else if (*glob == '?' || *glob == *text) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

int glob_list_parse(struct glob_list *list, const char *text)
{
    static const char separators[] = " \t\r\n,";
    char *out;

    list->count = 0;
    list->text = out = malloc(strlen(text) + 1);
    if (out == NULL)
        return -1;
    for (;;) {
        size_t length;

        text += strspn(text, separators);
        length = strcspn(text, separators);
        if (length == 0)
            return 0;
        memcpy(out, text, length);
        out[length] = '\0';
        out += length + 1;
        text += length;
        list->count++;
    }
}

bool glob_list_match(const struct glob_list *list, const char *text)
{
    const char *glob = list->text;

    for (size_t i = 0; i < list->count; i++, glob += strlen(glob) + 1)
        if (glob_match(glob, text))
            return true;
    return false;
}

void glob_list_free(struct glob_list *list)
{
    free(list->text);
    list->text = NULL;
    list->count = 0;
}
