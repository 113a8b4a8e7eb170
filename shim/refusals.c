#include "shim/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "shim/connections.h"
#include "shim/observer.h"

#define REFUSED_MS 1000

struct refusal {
    int fd;
    ino_t inode;
    int64_t due;
};

static int make_room(struct refusals *refusals)
{
    size_t room = refusals->room * 2 + 16;
    struct refusal *grown;

    if (refusals->first > 0) {
        memmove(refusals->list, refusals->list + refusals->first,
                refusals->count * sizeof *refusals->list);
        refusals->first = 0;
    }
    if (refusals->count < refusals->room)
        return 0;
    grown = realloc(refusals->list, room * sizeof *grown);
    if (grown == NULL)
        return -1;
    refusals->list = grown;
    refusals->room = room;
    return 0;
}

void refusals_add(struct refusals *refusals, int fd, uint64_t id)
{
    struct connection connection;

    if (!connections_find(fd, &connection) || connection.id != id)
        return; /* it has ended */
    if (refusals->first + refusals->count == refusals->room && make_room(refusals) != 0) {
        observer_end(fd, connection.inode); /* rather now than never */
        return;
    }
    refusals->list[refusals->first + refusals->count++] =
        (struct refusal){fd, connection.inode, observer_now() + REFUSED_MS};
}

long refusals_work(struct refusals *refusals)
{
    int64_t now = observer_now();

    for (; refusals->count > 0; refusals->first++, refusals->count--) {
        const struct refusal *oldest = &refusals->list[refusals->first];

        if (oldest->due > now)
            return (long)(oldest->due - now);
        observer_end(oldest->fd, oldest->inode);
    }
    refusals->first = 0;
    return -1;
}

void refusals_free(struct refusals *refusals)
{
    free(refusals->list);
}
