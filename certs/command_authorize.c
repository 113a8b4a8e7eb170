#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/pair.h"
#include "certs/store.h"
#include "certs/tool.h"

struct authorization {
    struct store store;
    struct keyset authorized;
    struct keyset revoked;
    struct metadata extra;
    struct certificate *certificate;
};

/* The name without directories, ".key" and czmq's "_secret". */
static int stem_of(const char *file, char stem[256], struct cert_error *error)
{
    static const char *const endings[] = {"_secret", ".key"};
    const char *base = strrchr(file, '/');
    size_t length;

    base = base != NULL ? base + 1 : file;
    length = strlen(base);
    for (size_t i = 0; i < 2; i++) {
        size_t tail = strlen(endings[i]);

        if (length > tail && memcmp(base + length - tail, endings[i], tail) == 0)
            length -= tail;
    }
    if (length == 0 || length > 240 || base[0] == '.')
        return cert_fail(error, EINVAL, "%s: give the file another name: this one can't be used",
                         file);
    memcpy(stem, base, length);
    stem[length] = '\0';
    return 0;
}

static int check_key(struct authorization *a, const char *file, struct cert_error *error)
{
    const char *revoked = keyset_find(&a->revoked, a->certificate->public_key);

    if (revoked != NULL)
        return cert_fail(error, EPERM,
                         "%s: this key was revoked (%s/%s) and stays refused: make a new pair with "
                         "'curveshim-cert new', or remove that file first if it was revoked by "
                         "mistake",
                         file, a->store.revoked.path, revoked);
    if (a->certificate->has_secret && !pair_matches(a->certificate))
        return cert_fail(error, EINVAL,
                         "%s: the public and the secret key don't belong together: make a new pair",
                         file);
    if (pair_key_is_weak(a->certificate->public_key))
        return cert_fail(error, EINVAL, "%s: this public key protects nothing: make a new pair",
                         file);
    return 0;
}

static int take_metadata(struct authorization *a, const char *file, struct metadata *metadata,
                         struct cert_error *error)
{
    struct cert_error reason;

    if (metadata_take(metadata, a->certificate, file, error) != 0)
        return -1;
    for (unsigned i = 0; i < a->extra.count; i++)
        if (metadata_set(metadata, a->extra.entries[i].name, a->extra.entries[i].value, error) != 0)
            return -1;
    if (metadata_check_validity(metadata, time(NULL), &reason) == 0)
        return 0;
    return cert_fail(error, EINVAL,
                     "%s: %.500s: it would be refused; give another time with --meta", file,
                     reason.text);
}

static int add(struct authorization *a, const char *file, struct cert_error *error)
{
    struct metadata metadata = {0};
    char stem[256], name[256];

    if (take_metadata(a, file, &metadata, error) != 0 || stem_of(file, stem, error) != 0)
        return -1;
    if (store_add(&a->store, &a->store.authorized, stem, &metadata, a->certificate->public_key,
                  name, error) != 0)
        return -1;
    tool_say("authorized %s/%s", a->store.authorized.path, name);
    if (strlen(name) != strlen(stem) + strlen(".key"))
        tool_say("    beside %s.key, another key, which stays authorized until it is revoked",
                 stem);
    for (unsigned i = 0; i < metadata.count; i++)
        tool_say("    %s = %s", metadata.entries[i].name, metadata.entries[i].value);
    return keyset_add(&a->authorized, a->certificate->public_key, name, NULL);
}

static int authorize(struct authorization *a, const char *file, struct cert_error *error)
{
    const char *already;

    if (certificate_read(a->certificate, AT_FDCWD, file, file, CERT_NEED_PUBLIC, error) != 0)
        return -1;
    if (check_key(a, file, error) != 0)
        return -1;
    already = keyset_find(&a->authorized, a->certificate->public_key);
    if (already == NULL)
        return add(a, file, error);
    tool_say("%s: already authorized, left as it is; edit %s/%s to change what it may do", file,
             a->store.authorized.path, already);
    return 0;
}

static int start(struct authorization *a, const char *directory, struct cert_error *error)
{
    a->certificate = sodium_malloc(sizeof *a->certificate);
    if (a->certificate == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    if (store_open(&a->store, directory, true, error) != 0 ||
        store_make(&a->store, AUTHORIZED, error) < 0 ||
        keyset_load(&a->authorized, a->store.authorized.fd, a->store.authorized.path, error) != 0)
        return -1;
    return keyset_load(&a->revoked, a->store.revoked.fd, a->store.revoked.path, error);
}

static int run_all(struct authorization *a, const char *directory, int count, char **files)
{
    struct cert_error error = {0};
    int failed = 0;

    if (start(a, directory, &error) != 0)
        return tool_complain_error(&error);
    for (int i = 0; i < count; i++)
        if (authorize(a, files[i], &error) != 0) {
            tool_complain_error(&error);
            failed++;
        }
    if (failed == 0)
        return TOOL_DONE;
    return tool_complain("%d of %d not authorized", failed, count);
}

static int run(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"meta", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    struct authorization a = {.store = {.fd = -1, .authorized.fd = -1, .revoked.fd = -1}};
    struct cert_error error;
    int option, status;

    while ((option = tool_option(command, argc, argv, options)) != -1) {
        if (option == '?')
            return TOOL_USAGE;
        if (metadata_set_argument(&a.extra, optarg, &error) != 0)
            return tool_usage(command, "%s", error.text);
    }
    if (argc - optind < 2)
        return tool_usage(command, "DIR and at least one certificate FILE are expected");
    status = run_all(&a, argv[optind], argc - optind - 1, argv + optind + 1);
    keyset_free(&a.authorized);
    keyset_free(&a.revoked);
    sodium_free(a.certificate);
    store_close(&a.store);
    return status;
}

const struct command command_authorize = {
    .name = "authorize",
    .arguments = "DIR FILE... [--meta K=V]...",
    .summary = "let the holders of certificates connect",
    .help = "Copies the public part of each certificate FILE, with its metadata, into\n"
            "DIR/authorized_clients/. A running server takes it up within a second. What is\n"
            "there already is left as it is. A revoked key is refused.\n"
            "\n"
            "  --meta K=V   sets metadata, as with 'new', in place of what FILE says\n"
            "\n"
            "The metadata is the policy for the holder: read what this command prints when\n"
            "FILE comes from somebody else.\n",
    .run = run,
};
