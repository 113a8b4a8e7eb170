#include "shim/state_page_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/config.h"
#include "shim/high_descriptor.h"
#include "shim/locks.h"
#include "shim/text.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1u
#endif

static struct state_page *page;
/* From here on entries are free: to look at all of them would take them through the caches at each
 * connect. LOCK_PAGE. */
static size_t end_of_entries;
static const struct config *configuration;
static int descriptor = -1;
static ino_t inode;

/* The program may have closed every descriptor that it does not know, and opened others. */
static bool is_ours(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_ino == inode;
}

uint64_t state_page_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec;
}

static void begin(void)
{
    __atomic_store_n(&page->sequence, page->sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(void)
{
    __atomic_store_n(&page->sequence, page->sequence + 1, __ATOMIC_RELEASE);
}

static void fill(void)
{
    end_of_entries = 0;
    state_page_peers_begin();
    page->layout = STATE_PAGE_LAYOUT;
    page->pid = (int32_t)getpid();
    page->mode = configuration->mode;
    page->started = state_page_now();
    snprintf(page->version, sizeof page->version, "%s", CURVESHIM_VERSION);
    snprintf(page->certificates, sizeof page->certificates, "%s",
             configuration->certs != NULL ? configuration->certs : "");
    snprintf(page->config_error, sizeof page->config_error, "%.255s", configuration->error);
    page->magic = STATE_PAGE_MAGIC;
}

/* A file beyond the limit of its size would end the program by SIGXFSZ, a memfd too. */
static bool may_be_that_large(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= sizeof *page;
}

/* With the lock held: the page of this process, made at its first use. */
static bool ready(void)
{
    struct stat status;
    void *memory;
    int fd;

    if (page != NULL)
        return true;
    if (configuration == NULL || configuration->mode == CONFIG_OFF || !may_be_that_large())
        return false;
    fd = (int)syscall(SYS_memfd_create, STATE_PAGE_NAME, MFD_CLOEXEC);
    if (fd < 0)
        return false;
    memory = MAP_FAILED;
    if (ftruncate(fd, sizeof *page) == 0 && fstat(fd, &status) == 0)
        memory = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        close(fd);
        return false;
    }
    /* A forked child must not write into its parent's page. */
    (void)madvise(memory, sizeof *page, MADV_DONTFORK);
    descriptor = high_descriptor(fd);
    inode = status.st_ino;
    page = memory;
    begin();
    fill();
    end();
    return true;
}

struct state_page *state_page_begin(void)
{
    lock_take(LOCK_PAGE);
    if (!ready()) {
        lock_drop(LOCK_PAGE);
        return NULL;
    }
    begin();
    return page;
}

void state_page_end(void)
{
    end();
    lock_drop(LOCK_PAGE);
}

void state_page_open(const struct config *config)
{
    lock_take(LOCK_PAGE);
    configuration = config;
    (void)ready();
    lock_drop(LOCK_PAGE);
}

void state_page_close(void)
{
    lock_take(LOCK_PAGE);
    if (page != NULL)
        munmap(page, sizeof *page);
    page = NULL;
    if (descriptor >= 0 && is_ours(descriptor))
        close(descriptor);
    descriptor = -1;
    lock_drop(LOCK_PAGE);
}

static bool same(const struct state_page_entry *entry, enum state_page_kind kind, bool server,
                 const void *socket, const char *endpoint, const char *resolved)
{
    return entry->kind == (uint32_t)kind && entry->server == server &&
           entry->socket == (uint64_t)(uintptr_t)socket &&
           strncmp(entry->endpoint, endpoint, sizeof entry->endpoint - 1) == 0 &&
           strncmp(entry->resolved, resolved, sizeof entry->resolved - 1) == 0;
}

static struct state_page_entry *place(enum state_page_kind kind, bool server, const void *socket,
                                      const char *endpoint, const char *resolved)
{
    struct state_page_entry *free_entry = NULL;

    for (size_t i = 0; i < end_of_entries; i++) {
        struct state_page_entry *entry = &page->entries[i];

        if (same(entry, kind, server, socket, endpoint, resolved))
            return entry;
        if (entry->kind == 0 && free_entry == NULL)
            free_entry = entry;
    }
    if (free_entry == NULL && end_of_entries < STATE_PAGE_ENTRIES)
        free_entry = &page->entries[end_of_entries++];
    return free_entry;
}

void state_page_note(enum state_page_kind kind, bool server, const void *socket,
                     const char *endpoint, const char *resolved)
{
    struct state_page_entry *entry;

    if (resolved == NULL)
        resolved = "";
    if (state_page_begin() == NULL)
        return;
    entry = place(kind, server, socket, endpoint, resolved);
    if (entry == NULL) {
        page->lost++;
    } else if (entry->kind != 0) {
        entry->count++;
    } else {
        entry->kind = kind;
        entry->server = server;
        entry->since = state_page_now();
        entry->socket = (uint64_t)(uintptr_t)socket;
        entry->count = 1;
        text_copy(entry->endpoint, endpoint);
        text_copy(entry->resolved, resolved);
    }
    state_page_end();
}

void state_page_forget(const void *socket, const char *endpoint)
{
    lock_take(LOCK_PAGE);
    if (page != NULL) {
        begin();
        for (size_t i = 0; i < end_of_entries; i++) {
            struct state_page_entry *entry = &page->entries[i];

            if (entry->kind == 0 || entry->socket != (uint64_t)(uintptr_t)socket ||
                (endpoint != NULL &&
                 strncmp(entry->endpoint, endpoint, sizeof entry->endpoint - 1) != 0 &&
                 strncmp(entry->resolved, endpoint, sizeof entry->resolved - 1) != 0))
                continue;
            memset(entry, 0, sizeof *entry);
        }
        while (end_of_entries > 0 && page->entries[end_of_entries - 1].kind == 0)
            end_of_entries--;
        end();
    }
    lock_drop(LOCK_PAGE);
}

void state_page_count(enum state_page_counter counter)
{
    struct state_page *written = state_page_begin();

    if (written == NULL)
        return;
    uint64_t *const counters[] = {&written->blocked, &written->refused, &written->accepted,
                                  &written->denied};
    ++*counters[counter];
    state_page_end();
}

void state_page_forked(void)
{
    /* The mapping was not inherited; the descriptor was. */
    page = NULL;
    if (descriptor >= 0 && is_ours(descriptor))
        close(descriptor);
    descriptor = -1;
}
