#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/check_proc.h"

#define TRIES 200

static void terminate(struct state_page *page)
{
    page->version[sizeof page->version - 1] = '\0';
    page->certificates[sizeof page->certificates - 1] = '\0';
    page->config_error[sizeof page->config_error - 1] = '\0';
    for (size_t i = 0; i < STATE_PAGE_ENTRIES; i++) {
        page->entries[i].endpoint[STATE_PAGE_ENDPOINT - 1] = '\0';
        page->entries[i].resolved[STATE_PAGE_ENDPOINT - 1] = '\0';
    }
    for (size_t i = 0; i < STATE_PAGE_PEERS; i++) {
        page->peers[i].name[STATE_PAGE_WHO - 1] = '\0';
        page->peers[i].peer[STATE_PAGE_ENDPOINT - 1] = '\0';
        page->peers[i].endpoint[STATE_PAGE_ENDPOINT - 1] = '\0';
    }
    for (size_t i = 0; i < STATE_PAGE_TROUBLES; i++) {
        page->troubles[i].name[STATE_PAGE_WHO - 1] = '\0';
        page->troubles[i].address[STATE_PAGE_WHO - 1] = '\0';
        page->troubles[i].endpoint[STATE_PAGE_ENDPOINT - 1] = '\0';
        page->troubles[i].reason[STATE_PAGE_REASON - 1] = '\0';
    }
}

static bool sequence_read(int file, uint32_t *sequence)
{
    return pread(file, sequence, sizeof *sequence, offsetof(struct state_page, sequence)) ==
           (ssize_t)sizeof *sequence;
}

/* By pread and not through a mapping: a process that shrinks its page can't harm us. */
static bool copy(int file, struct state_page *page)
{
    const struct timespec moment = {0, 1000000};
    uint32_t before, after;

    for (int i = 0; i < TRIES; i++) {
        if (!sequence_read(file, &before) ||
            pread(file, page, sizeof *page, 0) != (ssize_t)sizeof *page ||
            !sequence_read(file, &after))
            return false;
        if ((before & 1) == 0 && before == after && before == page->sequence) {
            terminate(page);
            return true;
        }
        nanosleep(&moment, NULL);
    }
    return false;
}

/* Its pid as it sees it itself: the last of the namespaces' numbers. */
static int own_pid(pid_t pid)
{
    char numbers[256];
    const char *last;

    if (!proc_status(pid, "NSpid", numbers, sizeof numbers))
        return (int)pid;
    last = strrchr(numbers, '\t');
    return atoi(last != NULL ? last + 1 : numbers);
}

static enum proc_page try_descriptor(pid_t pid, const char *name, struct state_page *page)
{
    char *path = check_format("/proc/%d/fd/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum proc_page found = PAGE_STRANGE;

    if (file >= 0 && copy(file, page) && page->magic == STATE_PAGE_MAGIC &&
        page->layout == STATE_PAGE_LAYOUT)
        found = page->pid == own_pid(pid) ? PAGE_READ : PAGE_OTHERS;
    if (file >= 0)
        close(file);
    free(path);
    return found;
}

enum proc_page proc_page(pid_t pid, struct state_page *page)
{
    char *directory = check_format("/proc/%d/fd", (int)pid);
    DIR *list = opendir(directory);
    enum proc_page best = PAGE_NONE;
    const struct dirent *entry;

    free(directory);
    while (list != NULL && best != PAGE_READ && (entry = readdir(list)) != NULL) {
        char *name = check_format("fd/%s", entry->d_name);
        char *target = proc_link(pid, name);

        if (target != NULL && strcmp(target, "/memfd:" STATE_PAGE_NAME " (deleted)") == 0)
            best = try_descriptor(pid, entry->d_name, page);
        free(target);
        free(name);
    }
    if (list != NULL)
        closedir(list);
    return best;
}
