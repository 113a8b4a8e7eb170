#ifndef CURVESHIM_SHIM_CHECK_PROC_H
#define CURVESHIM_SHIM_CHECK_PROC_H

#include <netinet/in.h>
#include <sys/types.h>
#include <sys/un.h>

#include "shim/check_result.h"
#include "shim/state_page.h"

/* What /proc tells of a process. */

/* The whole of /proc/PID/NAME with a NUL behind it, to be freed; NULL with errno. */
char *proc_read(pid_t pid, const char *name, size_t *size);
/* The target of the link /proc/PID/NAME, to be freed; NULL with errno. */
char *proc_link(pid_t pid, const char *name);
/* The value of a line "NAME:\tVALUE" of /proc/PID/status: up to the end of its line. */
bool proc_status(pid_t pid, const char *name, char *value, size_t size);
/* A variable of the environment at its start, to be freed, or NULL. */
char *proc_variable(pid_t pid, const char *name);

/* The state page that the process itself keeps. */
enum proc_page { PAGE_READ, PAGE_NONE, PAGE_OTHERS, PAGE_STRANGE };
enum proc_page proc_page(pid_t pid, struct state_page *page);

/* The objects that are mapped. */
struct proc_maps {
    bool shim;
    bool libzmq; /* any copy */
    bool direct; /* a copy that no preload reaches */
    bool fit;    /* a copy that can be secured */
    struct check_value *libraries;
};
/* 0 or an errno. Says what each copy of libzmq is, if judge. */
int proc_maps(pid_t pid, struct proc_maps *maps);

/* The stream sockets. */
struct proc_socket {
    bool listening;
    int family;
    struct sockaddr_in6 local, remote; /* of tcp: IPv4 as mapped addresses, see family */
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1]; /* of unix: "@" for abstract */
};
struct proc_sockets {
    struct proc_socket *list;
    size_t count;
};
int proc_sockets(pid_t pid, struct proc_sockets *sockets);

/* "tcp://127.0.0.1:5555", "ipc:///path"; to be freed. */
char *proc_socket_text(const struct proc_socket *socket, bool remote);

/* Which entry of the page a socket belongs to, or NULL. */
const struct state_page_entry *proc_socket_entry(const struct proc_socket *socket,
                                                 const struct state_page *page);

/* Asks the listeners that the page (or NULL) doesn't account for, and judges what they say;
 * watched: the shim is loaded and switched on. */
void check_listeners(struct check_result *result, pid_t pid, const struct proc_sockets *sockets,
                     const struct state_page *page, bool watched, int timeout);

/* "secured", "exempted", … */
const char *page_state(const struct state_page_entry *entry);

/* What the page says. */
void check_page(struct check_result *result, pid_t pid, const struct state_page *page,
                const struct proc_maps *maps);

#endif
