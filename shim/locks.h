#ifndef CURVESHIM_SHIM_LOCKS_H
#define CURVESHIM_SHIM_LOCKS_H

/* The library's global locks, in the only order in which two may be held at once. None is held
 * across libzmq, dlopen, dlsym or malloc of unbounded size; fork takes them all, so that the child
 * finds every table whole, and the child starts with fresh ones. */
enum lock {
    LOCK_REGISTRY,    /* contexts, sockets, library copies */
    LOCK_BINDINGS,    /* what the authenticator knows of listeners */
    LOCK_CONNECTIONS, /* accepted connections */
    LOCK_AUTHORIZED,  /* authorised and revoked keys */
    LOCK_KEYS,        /* own key pairs */
    LOCK_ROUTES,      /* which endpoint a connection belongs to */
    LOCK_OVERLAP,     /* listeners of two keys */
    LOCK_LOG,         /* rate limits */
    LOCK_PAGE,        /* the state page */
    LOCK_COUNT,
};

void lock_take(enum lock lock);
void lock_drop(enum lock lock);

/* Registers the fork handlers, once. child runs in the forked child after the locks were renewed;
 * it may take them, but must not call libzmq. 0 or an errno value. */
int locks_guard_fork(void (*child)(void));

#endif
