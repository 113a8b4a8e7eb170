#include "shim/check_all.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/check_live.h"
#include "shim/check_proc.h"
#include "shim/config.h"
#include "shim/rfc3339.h"

enum { STATUS_SECURED = 0, STATUS_NOT = 1, STATUS_UNKNOWN = 2 };

struct tally {
    size_t shown, hidden, missing;
    int status;
};

static void worsen(struct tally *tally, int status)
{
    static const int order[] = {0, 2, 1};

    if (order[status] > order[tally->status])
        tally->status = status;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int page_status(const struct state_page *page)
{
    bool refused = false;

    if (page->mode != CONFIG_ON || page->config_error[0] != '\0')
        return STATUS_NOT;
    for (size_t i = 0; i < STATE_PAGE_ENTRIES; i++)
        if (page->entries[i].kind == STATE_SECURED || page->entries[i].kind == STATE_OWN_CURVE)
            return STATUS_SECURED;
        else if (page->entries[i].kind == STATE_REFUSED)
            refused = true;
    return refused ? STATUS_NOT : STATUS_SECURED;
}

/* Whether a mapped file's name is one that concerns us; for the table that is enough, and quick. */
static void find_mapped(pid_t pid, bool *shim, bool *libzmq, int *error)
{
    char *maps = proc_read(pid, "maps", NULL);

    *error = maps == NULL ? errno : 0;
    *shim = maps != NULL && strstr(maps, "/libcurveshim") != NULL;
    *libzmq = maps != NULL && strstr(maps, "/libzmq") != NULL;
    free(maps);
}

/* asked: by its number, so that something has to be said. */
static void look(FILE *out, pid_t pid, bool asked, struct state_page *page, struct tally *tally)
{
    enum proc_page found;
    bool shim, libzmq;
    int error;

    find_mapped(pid, &shim, &libzmq, &error);
    if (error == ENOENT || error == ESRCH) {
        tally->missing++;
        return;
    }
    if (error != 0) {
        tally->hidden++;
        return;
    }
    if (!shim && !libzmq && !asked)
        return;
    if (tally->shown++ == 0)
        live_heading(out);
    if (!shim) {
        live_rows(out, pid, NULL, "not secured: curveshim is not loaded");
        worsen(tally, STATUS_NOT);
        return;
    }
    found = proc_page(pid, page);
    live_rows(out, pid, found == PAGE_READ ? page : NULL,
              found == PAGE_STRANGE ? "its state page is one of another version of curveshim"
                                    : "nothing bound or connected yet");
    worsen(tally, found == PAGE_READ      ? page_status(page)
                  : found == PAGE_STRANGE ? STATUS_UNKNOWN
                                          : STATUS_SECURED);
}

static void look_at_all(FILE *out, struct state_page *page, struct tally *tally)
{
    DIR *list = opendir("/proc");
    const struct dirent *entry;

    if (list == NULL)
        err(2, "/proc");
    while ((entry = readdir(list)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            look(out, (pid_t)atoi(entry->d_name), false, page, tally);
    closedir(list);
    tally->missing = 0;
}

static bool concerns_us(pid_t pid)
{
    bool shim, libzmq;
    int error;

    find_mapped(pid, &shim, &libzmq, &error);
    return shim || libzmq;
}

size_t check_all_pids(pid_t **pids)
{
    DIR *list = opendir("/proc");
    const struct dirent *entry;
    size_t count = 0, room = 0;

    *pids = NULL;
    if (list == NULL)
        err(2, "/proc");
    while ((entry = readdir(list)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !concerns_us((pid_t)atoi(entry->d_name)))
            continue;
        if (count == room) {
            room = room * 2 + 16;
            *pids = reallocarray(*pids, room, sizeof **pids);
            if (*pids == NULL)
                err(2, "memory");
        }
        (*pids)[count++] = (pid_t)atoi(entry->d_name);
    }
    closedir(list);
    return count;
}

static void summarise(FILE *out, const struct tally *tally, bool all)
{
    if (all && tally->shown == 0)
        fputs("no process has libzmq or curveshim loaded\n", out);
    if (tally->hidden != 0)
        fprintf(out, "processes that can't be looked into: %zu; run it as root\n", tally->hidden);
    if (tally->missing != 0)
        fprintf(out, "processes that have ended: %zu\n", tally->missing);
}

static struct tally run(FILE *out, const pid_t *pids, size_t count)
{
    struct state_page *page = check_allocate(sizeof *page);
    struct tally tally = {0, 0, 0, STATUS_SECURED};

    if (pids == NULL)
        look_at_all(out, page, &tally);
    for (size_t i = 0; pids != NULL && i < count; i++)
        look(out, pids[i], true, page, &tally);
    if (tally.hidden + tally.missing != 0)
        worsen(&tally, STATUS_UNKNOWN);
    summarise(out, &tally, pids == NULL);
    free(page);
    return tally;
}

int check_all(FILE *out, const pid_t *pids, size_t count)
{
    return run(out, pids, count).status;
}

/* In one piece, so that nobody sees half a table. */
static struct tally show(const pid_t *pids, size_t count, bool terminal)
{
    char *text = NULL, now[RFC3339_SIZE];
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    struct tally tally;

    if (memory == NULL)
        err(2, "memory");
    rfc3339_format(now, (int64_t)time(NULL), 0);
    fprintf(memory, "%s%s\n", terminal ? "\033[H\033[J" : "", now);
    tally = run(memory, pids, count);
    if (!terminal)
        fputc('\n', memory);
    if (fclose(memory) != 0)
        err(2, "memory");
    fwrite(text, 1, size, stdout);
    free(text);
    return tally;
}

int check_watch(const pid_t *pids, size_t count, long seconds)
{
    const struct sigaction action = {.sa_handler = interrupt};
    const struct timespec pause = {seconds, 0};
    const bool terminal = isatty(STDOUT_FILENO);

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (!interrupted) {
        struct tally tally = show(pids, count, terminal);

        if (fflush(stdout) != 0) {
            perror("curveshim-check: stdout");
            return STATUS_UNKNOWN;
        }
        if (pids != NULL && tally.missing == count)
            return STATUS_UNKNOWN;
        if (!interrupted)
            nanosleep(&pause, NULL);
    }
    return 0;
}
