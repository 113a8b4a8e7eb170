#include "shim/unit_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SUFFIX ".service"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The path of a line "ID:CONTROLLERS:PATH" that systemd arranges, or NULL. */
static const char *path_of(const char *line)
{
    const char *controllers = strchr(line, ':');

    if (controllers == NULL)
        return NULL;
    controllers++;
    return begins(controllers, ":/")               ? controllers + 1
           : begins(controllers, "name=systemd:/") ? strchr(controllers, ':') + 1
                                                   : NULL;
}

void unit_name(char *name, size_t size, const char *text)
{
    name[0] = '\0';
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n"), start = length;
        const char *path = path_of(text);

        while (start > 0 && text[start - 1] != '/')
            start--;
        if (path != NULL && path < text + length && length - start > strlen(SUFFIX) &&
            length - start < size && begins(text + length - strlen(SUFFIX), SUFFIX)) {
            snprintf(name, size, "%.*s", (int)(length - start), text + start);
            return;
        }
        text += length + (text[length] == '\n');
    }
}
