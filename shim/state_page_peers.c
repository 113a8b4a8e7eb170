#include <string.h>

#include "shim/observer.h"
#include "shim/state_page_internal.h"
#include "shim/text.h"

/* When connections that have ended were looked for last; LOCK_PAGE. */
static uint64_t pruned;
/* From here on they are free; likewise. */
static size_t end_of_peers, end_of_troubles;

void state_page_peers_begin(void)
{
    end_of_peers = end_of_troubles = 0;
}

static bool has_ended(const struct state_page_peer *peer)
{
    return (uint64_t)observer_inode(peer->descriptor) != peer->inode;
}

static struct state_page_peer *place_for(struct state_page *page, int fd)
{
    struct state_page_peer *free_place = NULL;

    for (size_t i = 0; i < end_of_peers; i++) {
        struct state_page_peer *peer = &page->peers[i];

        if (peer->inode != 0 && peer->descriptor == fd)
            return peer;
        if (peer->inode == 0 && free_place == NULL)
            free_place = peer;
    }
    if (free_place == NULL && end_of_peers < STATE_PAGE_PEERS)
        free_place = &page->peers[end_of_peers++];
    if (free_place != NULL || state_page_now() == pruned)
        return free_place;
    pruned = state_page_now();
    for (size_t i = 0; i < STATE_PAGE_PEERS; i++)
        if (has_ended(&page->peers[i])) {
            memset(&page->peers[i], 0, sizeof page->peers[i]);
            free_place = &page->peers[i];
        }
    return free_place;
}

static bool is_about(const struct state_page_trouble *trouble, bool server, const char *address,
                     const char *endpoint)
{
    return trouble->count != 0 && trouble->server == server &&
           strncmp(trouble->address, address, sizeof trouble->address - 1) == 0 &&
           strncmp(trouble->endpoint, endpoint, sizeof trouble->endpoint - 1) == 0;
}

static void end_troubles(struct state_page *page, bool server, const char *address,
                         const char *endpoint)
{
    for (size_t i = 0; i < end_of_troubles; i++)
        if (is_about(&page->troubles[i], server, address, endpoint))
            memset(&page->troubles[i], 0, sizeof page->troubles[i]);
}

void state_page_peer(int fd, bool server, const char *name, const char *peer, const char *address,
                     const char *endpoint)
{
    struct state_page *page = state_page_begin();
    struct state_page_peer *place;

    if (page == NULL)
        return;
    page->handshakes++;
    end_troubles(page, server, address, endpoint);
    place = place_for(page, fd);
    if (place == NULL) {
        page->peers_lost++;
    } else {
        memset(place, 0, sizeof *place);
        place->inode = (uint64_t)observer_inode(fd);
        place->since = state_page_now();
        place->descriptor = fd;
        place->server = server;
        text_copy(place->name, name);
        text_copy(place->peer, peer);
        text_copy(place->endpoint, endpoint);
    }
    state_page_end();
}

/* The one with that reason, else a free one, else the one that was quiet for longest. */
static struct state_page_trouble *trouble_for(struct state_page *page, bool server,
                                              const char *address, const char *endpoint,
                                              const char *reason)
{
    struct state_page_trouble *place = &page->troubles[0];

    for (size_t i = 0; i < STATE_PAGE_TROUBLES; i++) {
        struct state_page_trouble *trouble = &page->troubles[i];

        if (is_about(trouble, server, address, endpoint) &&
            strncmp(trouble->reason, reason, sizeof trouble->reason - 1) == 0)
            return trouble;
        if (trouble->last < place->last)
            place = trouble;
    }
    memset(place, 0, sizeof *place);
    if ((size_t)(place - page->troubles) >= end_of_troubles)
        end_of_troubles = (size_t)(place - page->troubles) + 1;
    return place;
}

void state_page_trouble(bool server, const char *name, const char *address, const char *endpoint,
                        const char *reason)
{
    struct state_page *page = state_page_begin();
    struct state_page_trouble *trouble;

    if (page == NULL)
        return;
    page->failed++;
    trouble = trouble_for(page, server, address, endpoint, reason);
    if (trouble->count++ == 0) {
        trouble->server = server;
        trouble->since = state_page_now();
        text_copy(trouble->address, address);
        text_copy(trouble->endpoint, endpoint);
        text_copy(trouble->reason, reason);
    }
    trouble->last = state_page_now();
    text_copy(trouble->name, name);
    state_page_end();
}
