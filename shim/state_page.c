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
/* Which entries are of which socket, by a byte of its hash; 0: free. To look at the entries
 * themselves would take all of them through the caches at each connect. LOCK_PAGE. */
static unsigned char tags[STATE_PAGE_ENTRIES];
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
    memset(tags, 0, sizeof tags);
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

static unsigned char tag_of(const void *socket)
{
    return (unsigned char)((uint64_t)(uintptr_t)socket * 0x9e3779b97f4a7c15u >> 56 | 1u);
}

/* The next entry with that tag; NULL if there is none. */
static struct state_page_entry *find(unsigned char tag, const struct state_page_entry *after)
{
    size_t from = after != NULL ? (size_t)(after - page->entries) + 1 : 0;
    const unsigned char *found = memchr(tags + from, tag, STATE_PAGE_ENTRIES - from);

    return found != NULL ? &page->entries[found - tags] : NULL;
}

static struct state_page_entry *place(enum state_page_kind kind, bool server, const void *socket,
                                      const char *endpoint, const char *resolved)
{
    struct state_page_entry *entry = NULL;

    while ((entry = find(tag_of(socket), entry)) != NULL)
        if (same(entry, kind, server, socket, endpoint, resolved))
            return entry;
    return find(0, NULL);
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
        tags[entry - page->entries] = tag_of(socket);
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
    struct state_page_entry *entry = NULL;

    lock_take(LOCK_PAGE);
    if (page != NULL) {
        begin();
        while ((entry = find(tag_of(socket), entry)) != NULL) {
            if (entry->socket != (uint64_t)(uintptr_t)socket ||
                (endpoint != NULL &&
                 strncmp(entry->endpoint, endpoint, sizeof entry->endpoint - 1) != 0 &&
                 strncmp(entry->resolved, endpoint, sizeof entry->resolved - 1) != 0))
                continue;
            memset(entry, 0, sizeof *entry);
            tags[entry - page->entries] = 0;
        }
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
