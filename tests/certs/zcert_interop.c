#include <czmq.h>

/* czmq's side of the certificate tests.
 *
 *   zcert_interop make FILE [NAME VALUE]...   new certificate with metadata, saved by zcert
 *   zcert_interop load FILE [NAME]...         prints both keys, then the value of each NAME */

static int make(char **arguments)
{
    zcert_t *certificate = zcert_new();
    int result;

    for (char **pair = arguments + 1; pair[0] != NULL && pair[1] != NULL; pair += 2)
        zcert_set_meta(certificate, pair[0], "%s", pair[1]);
    result = zcert_save(certificate, arguments[0]);
    zcert_destroy(&certificate);
    return result == 0 ? 0 : 1;
}

static int load(char **arguments)
{
    zcert_t *certificate = zcert_load(arguments[0]);

    if (certificate == NULL)
        return 1;
    printf("%s\n%s\n", zcert_public_txt(certificate), zcert_secret_txt(certificate));
    for (char **name = arguments + 1; *name != NULL; name++) {
        const char *value = zcert_meta(certificate, *name);

        printf("%s\n", value != NULL ? value : "(none)");
    }
    zcert_destroy(&certificate);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "make") == 0)
        return make(argv + 2);
    if (argc >= 3 && strcmp(argv[1], "load") == 0)
        return load(argv + 2);
    fputs("usage: zcert_interop make|load FILE ...\n", stderr);
    return 2;
}
