#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/fleet_run.h"
#include "certs/pair_name.h"
#include "certs/text_file.h"
#include "certs/tool.h"

/* DIR/fleet.agents remembers whose directories are ours to move: DIR may hold others. An agent is
 * in it before its directory is made, and until it is moved away. */
#define FILE_NAME "fleet.agents"
#define HEADING                                                                                    \
    "# The agents that 'curveshim-cert fleet' keeps here. The directory of one that leaves the\n"  \
    "# fleet file is moved to " FLEET_REMOVED "/.\n"

struct members {
    char *text;
    size_t count;
    char **names; /* into text */
};

static int read_members(const struct fleet_run *run, struct members *members,
                        struct cert_error *error)
{
    size_t length = 0;
    char *read, *save = NULL;

    memset(members, 0, sizeof *members);
    error->code = 0;
    read = text_file_read(run->root.fd, FILE_NAME, run->root.path, &length, error);
    if (read == NULL)
        return error->code == ENOENT ? 0 : -1;
    members->text = strndup(read, length);
    free(read);
    members->names = calloc(length / 2 + 1, sizeof *members->names);
    if (members->text == NULL || members->names == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    for (char *line = strtok_r(members->text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == '#')
            continue;
        if (pair_check_name(line, NULL) != 0)
            return cert_fail(error, EINVAL, "%s/" FILE_NAME ": '%.100s' is no agent: remove it",
                             run->root.path, line);
        members->names[members->count++] = line;
    }
    return 0;
}

static void free_members(struct members *members)
{
    free(members->names);
    free(members->text);
}

static bool is_member(const struct members *members, const char *name)
{
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(members->names[i], name) == 0)
            return true;
    return false;
}

/* Those of before (may be NULL) and those of the file. */
static int write_members(const struct fleet_run *run, const struct members *before,
                         struct cert_error *error)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    int result;

    if (stream == NULL)
        return cert_fail(error, ENOMEM, "out of memory");
    fputs(HEADING, stream);
    for (size_t i = 0; i < run->fleet->count; i++)
        fprintf(stream, "%s\n", run->fleet->agents[i].name);
    for (size_t i = 0; before != NULL && i < before->count; i++)
        if (fleet_find(run->fleet, before->names[i]) == NULL)
            fprintf(stream, "%s\n", before->names[i]);
    if (fclose(stream) != 0)
        return cert_fail(error, ENOMEM, "out of memory");
    result = write_file(run->root.fd, run->root.path, FILE_NAME, text, length, 0644, WRITE_REPLACE,
                        &run->root.owner, error);
    free(text);
    return result;
}

static bool exists(const struct fleet_run *run, const char *name)
{
    struct stat status;

    return fstatat(run->root.fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int move(struct fleet_run *run, const char *from, const char *to, struct cert_error *error)
{
    run->changes++;
    if (renameat(run->root.fd, from, run->root.fd, to) == 0)
        return write_sync(run->root.fd, run->root.path, error);
    return cert_fail(error, errno, "%s/%s: %s", run->root.path, from, strerror(errno));
}

static int restore(struct fleet_run *run, const char *name, struct cert_error *error)
{
    char kept[512];

    snprintf(kept, sizeof kept, FLEET_REMOVED "/%s", name);
    if (exists(run, name) || !exists(run, kept))
        return 0;
    if (move(run, kept, name, error) != 0)
        return -1;
    tool_say("%s is back: took %s/%s from %s/%s, with its keys", name, run->root.path, name,
             run->root.path, kept);
    return 0;
}

int fleet_restore_members(struct fleet_run *run, struct cert_error *error)
{
    struct members members;
    bool grows = false;
    int result = read_members(run, &members, error);

    for (size_t i = 0; result == 0 && i < run->fleet->count; i++)
        grows |= !is_member(&members, run->fleet->agents[i].name);
    if (result == 0 && grows)
        result = write_members(run, &members, error);
    for (size_t i = 0; result == 0 && i < run->fleet->count; i++)
        result = restore(run, run->fleet->agents[i].name, error);
    free_members(&members);
    return result;
}

/* To removed/NAME, or removed/NAME~2 and so on where that is taken. */
static int put_away(struct fleet_run *run, const char *name, struct cert_error *error)
{
    char kept[512];
    int made =
        write_directory(run->root.fd, run->root.path, FLEET_REMOVED, &run->root.owner, error);

    if (made < 0)
        return -1;
    snprintf(kept, sizeof kept, FLEET_REMOVED "/%s", name);
    for (unsigned n = 2; exists(run, kept); n++)
        snprintf(kept, sizeof kept, FLEET_REMOVED "/%s~%u", name, n);
    if (move(run, name, kept, error) != 0)
        return -1;
    tool_say("removed %s: its keys are kept in %s/%s until you delete them", name, run->root.path,
             kept);
    return 0;
}

int fleet_remove_members(struct fleet_run *run, struct cert_error *error)
{
    struct members members;
    bool shrinks = false;
    int result = read_members(run, &members, error);

    for (size_t i = 0; result == 0 && i < members.count; i++) {
        if (fleet_find(run->fleet, members.names[i]) != NULL)
            continue;
        shrinks = true;
        if (exists(run, members.names[i]))
            result = put_away(run, members.names[i], error);
    }
    if (result == 0 && shrinks)
        result = write_members(run, NULL, error);
    free_members(&members);
    return result;
}
