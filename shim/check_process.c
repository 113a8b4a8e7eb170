#include "shim/check_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "shim/check_file.h"
#include "shim/check_proc.h"
#include "shim/config.h"

/* Listeners on this machine answer at once. */
#define LISTENER_TIMEOUT 500

static bool denied(struct check_result *result, pid_t pid, int error)
{
    if (error == 0)
        return false;
    if (error == ENOENT || error == ESRCH)
        check_reason(result, CHECK_UNKNOWN, "there is no process %d, or it is hidden from us",
                     (int)pid);
    else
        check_reason(result, CHECK_UNKNOWN, "process %d can't be looked into: %s", (int)pid,
                     strerror(error));
    if (error == EACCES || error == EPERM)
        check_remedy(result, CHECK_UNKNOWN,
                     "run curveshim-check as root, or as the user of the process");
    return true;
}

static bool switched_on(const char *value)
{
    static const char *const on[] = {"1", "true", "yes", "on"};

    for (size_t i = 0; value != NULL && i < sizeof on / sizeof *on; i++)
        if (strcasecmp(value, on[i]) == 0)
            return true;
    return false;
}

/* Why a preload that was asked for did not take place. */
static void explain_missing(struct check_result *result, pid_t pid)
{
    char *path = check_format("/proc/%d/exe", (int)pid);
    struct check_object object;
    struct check_bytes bytes;

    if (check_bytes_open(&bytes, path) == 0) {
        if (check_object_read(&object, path, &bytes)) {
            if (object.form == FORM_STATIC)
                check_reason(result, CHECK_NOT_SECURED,
                             "its program is statically linked: nothing can be preloaded");
            else if (object.form == FORM_PROGRAM) {
                check_privileges(result, path, &bytes.status);
                check_fits(result, &object);
            }
            check_object_free(&object);
        }
        check_bytes_close(&bytes);
    }
    free(path);
}

static void judge_absent(struct check_result *result, pid_t pid, const struct proc_maps *maps)
{
    char *preload = proc_variable(pid, "LD_PRELOAD");
    bool named = preload != NULL && strstr(preload, "libcurveshim") != NULL;

    check_reason(result, CHECK_NOT_SECURED, "%s",
                 named ? "LD_PRELOAD names curveshim, but it was not loaded"
                       : "curveshim is not loaded: the process was started without it");
    if (named)
        explain_missing(result, pid);
    check_reason(result, CHECK_NOT_SECURED, "%s",
                 maps->libzmq ? "it has libzmq loaded, which speaks in clear unless the program "
                                "sets up CURVE itself"
                              : "it has no libzmq loaded at present");
    check_remedy(result, CHECK_NOT_SECURED, "%s",
                 named ? "check the program with curveshim-check FILE, and start it with "
                         "curveshim-run, which says what is wrong"
                       : "start it again with curveshim-run, or with LD_PRELOAD=libcurveshim.so "
                         "SECURE_ZMQ=1");
    free(preload);
}

/* A process makes its page at its first bind or connect through the shim. */
static void judge_without_page(struct check_result *result, pid_t pid, enum proc_page found,
                               const struct proc_maps *maps)
{
    char *secure = proc_variable(pid, "SECURE_ZMQ");

    if (!switched_on(secure)) {
        check_reason(result, CHECK_NOT_SECURED,
                     "curveshim is loaded but not switched on: SECURE_ZMQ is %s",
                     secure != NULL && secure[0] != '\0' ? secure : "not set");
        check_remedy(result, CHECK_NOT_SECURED, "start it with SECURE_ZMQ=1");
    } else if (!maps->libzmq && found != PAGE_STRANGE) {
        check_reason(result, CHECK_SECURED,
                     "curveshim is on; no libzmq is loaded, and whatever else would speak ZMTP in "
                     "clear is blocked on the wire");
    } else if (!maps->fit && check_count(maps->libraries) != 0 && found != PAGE_STRANGE) {
        check_reason(result, CHECK_BLOCKED,
                     "curveshim is on, but can secure none of its copies of libzmq: in clear they "
                     "are %s",
                     maps->direct ? "blocked on the wire" : "refused");
        check_remedy(result, CHECK_BLOCKED,
                     "check its program and libraries with "
                     "curveshim-check FILE");
    } else {
        check_reason(result, CHECK_UNKNOWN, "curveshim is loaded and SECURE_ZMQ is %s, but %s",
                     secure,
                     found == PAGE_OTHERS ? "its state page is its parent's"
                     : found == PAGE_NONE ? "there is no state page: it has not bound or "
                                            "connected yet, or could not make one"
                                          : "its state page can't be read");
        check_remedy(result, CHECK_UNKNOWN,
                     "ask again when it runs, or ask its endpoints: "
                     "curveshim-check tcp://HOST:PORT");
    }
    free(secure);
}

static void describe(struct check_result *result, pid_t pid, const struct proc_maps *maps)
{
    char *program = proc_link(pid, "exe");
    char *secure = proc_variable(pid, "SECURE_ZMQ");

    check_set_number(result->details, "pid", pid);
    check_set_text(result->details, "program", program);
    check_set_bool(result->details, "preloaded", maps->shim);
    check_set_text(result->details, "secure_zmq", secure);
    free(program);
    free(secure);
}

static void look(struct check_result *result, pid_t pid, int timeout, struct proc_maps *maps,
                 struct state_page *page)
{
    struct proc_sockets sockets;
    enum proc_page found;
    char *secure;
    bool watched;
    int error = proc_sockets(pid, &sockets);

    if (denied(result, pid, error))
        return;
    found = proc_page(pid, page);
    describe(result, pid, maps);
    if (!maps->shim)
        judge_absent(result, pid, maps);
    else if (found != PAGE_READ)
        judge_without_page(result, pid, found, maps);
    else
        check_page(result, pid, page, maps);
    secure = proc_variable(pid, "SECURE_ZMQ");
    watched = found == PAGE_READ ? page->mode == CONFIG_ON : switched_on(secure);
    check_listeners(result, pid, &sockets, maps->shim && found == PAGE_READ ? page : NULL,
                    maps->shim && watched, timeout < LISTENER_TIMEOUT ? timeout : LISTENER_TIMEOUT);
    free(secure);
    free(sockets.list);
}

void check_process(struct check_result *result, pid_t pid, int timeout)
{
    struct state_page *page = check_allocate(sizeof *page);
    struct proc_maps maps;
    char state[64];

    result->kind = "process";
    if (!denied(result, pid, proc_maps(pid, &maps))) {
        if (proc_status(pid, "State", state, sizeof state) && state[0] == 'Z')
            check_reason(result, CHECK_UNKNOWN, "process %d has ended", (int)pid);
        else if (proc_status(pid, "Kthread", state, sizeof state) && state[0] == '1')
            check_reason(result, CHECK_UNKNOWN, "%d is a thread of the kernel", (int)pid);
        else
            look(result, pid, timeout, &maps, page);
    }
    check_set(result->details, "libzmq", maps.libraries);
    free(page);
}
