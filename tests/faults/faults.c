#include "faults.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/elf_object.h"

#define PLACES 2048
#define FAULTS 2

struct place {
    uintptr_t at;
    const char *function;
    unsigned hits;
    unsigned fired;
};

static struct place places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t base, start, end;
static pid_t first_process;
static struct fault {
    uintptr_t at;
    unsigned hit;
    bool all;
    char action[16];
    int code;
} faults[FAULTS];

static int find_shim(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct elf_object object;

    (void)size;
    (void)argument;
    if (strstr(info->dlpi_name, "libcurveshim.so") == NULL || !elf_object_read(&object, info))
        return 0;
    base = object.base;
    end = object.end;
    __atomic_store_n(&start, object.start, __ATOMIC_RELEASE);
    return 1;
}

static void read_fault(struct fault *fault, const char *text)
{
    char at[20], hit[12];

    if (sscanf(text, "%19[^:]:%11[^:]:%15[^:]:%d", at, hit, fault->action, &fault->code) != 4)
        return;
    fault->at = strtoul(at, NULL, 16);
    fault->hit = (unsigned)strtoul(hit, NULL, 10);
    fault->all = strchr(hit, '+') != NULL;
}

static void prepare(void)
{
    const char *text = getenv("CURVESHIM_FAULT");

    for (size_t i = 0; i < FAULTS && text != NULL; i++) {
        read_fault(&faults[i], text);
        text = strchr(text, ';');
        text = text != NULL ? text + 1 : NULL;
    }
    first_process = getpid();
    dl_iterate_phdr(find_shim, NULL);
}

/* The number of this call at its place, from 1; 0 for one place too many. */
static unsigned count(const char *function, uintptr_t at, const struct fault **fires)
{
    unsigned hit = 0;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &places[i];

        if (place->function != NULL && (place->at != at || strcmp(place->function, function) != 0))
            continue;
        place->function = function;
        place->at = at;
        hit = ++place->hits;
        for (size_t k = 0; k < FAULTS; k++)
            if (at == faults[k].at &&
                (hit == faults[k].hit || (faults[k].all && hit > faults[k].hit)))
                *fires = &faults[k];
        place->fired += *fires != NULL;
        break;
    }
    pthread_mutex_unlock(&lock);
    return hit;
}

static void *fork_now(void *forked)
{
    pid_t child = fork();

    if (child == 0) {
        faults_in_child();
        _exit(0);
    }
    sem_post(forked);
    return NULL;
}

/* Not for ever: the fork waits for locks that the caller may hold. */
static void fork_beside(void)
{
    static sem_t forked;
    struct timespec until;
    pthread_t thread;

    sem_init(&forked, 0, 0);
    if (pthread_create(&thread, NULL, fork_now, &forked) != 0)
        return;
    pthread_detach(thread);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 200000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    sem_timedwait(&forked, &until);
}

static void ignore(int number)
{
    (void)number;
}

/* The calling thread, and the process. The library's constructor runs before the program has set
 * its handler. */
static void interrupt(void)
{
    struct sigaction now, handled = {.sa_handler = ignore};

    if (sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(SIGUSR1, &handled, NULL);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
}

static bool happen(const struct fault *fault)
{
    if (strcmp(fault->action, "fail") == 0) {
        errno = fault->code;
        return true;
    }
    if (strcmp(fault->action, "signal") == 0)
        interrupt();
    else if (strcmp(fault->action, "cancel") == 0 && faults_may_cancel != NULL &&
             faults_may_cancel())
        pthread_cancel(pthread_self());
    else if (strcmp(fault->action, "fork") == 0 && faults_may_fork != NULL && faults_may_fork())
        fork_beside();
    return false;
}

bool faults_here(const char *function, const void *from)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static __thread bool inside;
    int saved = errno;
    const struct fault *fires = NULL;
    bool fails = false;

    if (inside)
        return false;
    inside = true;
    pthread_once(&once, prepare);
    if ((uintptr_t)from >= start && (uintptr_t)from < end && getpid() == first_process &&
        count(function, (uintptr_t)from - base, &fires) != 0 && fires != NULL)
        fails = happen(fires);
    inside = false;
    if (!fails)
        errno = saved;
    return fails;
}

__attribute__((constructor)) static void start_up(void)
{
    faults_patch_libzmq();
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("CURVESHIM_FAULT_COUNTS");
    FILE *file;

    if (path == NULL || getpid() != first_process || (file = fopen(path, "we")) == NULL)
        return;
    for (size_t i = 0; i < PLACES && places[i].function != NULL; i++)
        fprintf(file, "%s %lx %u %u\n", places[i].function, (unsigned long)places[i].at,
                places[i].hits, places[i].fired);
    fclose(file);
}
