#include "certs/pair_name.h"

#include <errno.h>
#include <string.h>

#define NAME_LENGTH_MAX 200

int pair_check_name(const char *name, struct cert_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.@+";
    static const char *const endings[] = {".key", ".key_secret", "_secret", ".superseded", ".next"};

    if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || strlen(name) > NAME_LENGTH_MAX ||
        name[strspn(name, allowed)] != '\0')
        return cert_fail(error, EINVAL,
                         "NAME '%s': use letters, digits, '-', '_', '.', '@' and '+', %d at most, "
                         "and begin with none of '.' and '-'",
                         name, NAME_LENGTH_MAX);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(name), tail = strlen(endings[i]);

        if (length >= tail && strcmp(name + length - tail, endings[i]) == 0)
            return cert_fail(
                error, EINVAL,
                "NAME '%s': a name can't end in '%s', which curveshim-cert adds itself", name,
                endings[i]);
    }
    return 0;
}
