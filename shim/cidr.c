#include "shim/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = " \t\r\n,";
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool parse_address(struct cidr *cidr, const char *text)
{
    memset(cidr, 0, sizeof *cidr);
    if (inet_pton(AF_INET, text, cidr->bytes) == 1) {
        cidr->family4 = 1;
        cidr->prefix = 32;
        return true;
    }
    cidr->prefix = 128;
    return inet_pton(AF_INET6, text, cidr->bytes) == 1;
}

static void unmap(struct cidr *cidr)
{
    if (cidr->family4 || cidr->prefix < 96 || memcmp(cidr->bytes, mapped, sizeof mapped) != 0)
        return;
    memmove(cidr->bytes, cidr->bytes + 12, 4);
    memset(cidr->bytes + 4, 0, 12);
    cidr->prefix = (uint8_t)(cidr->prefix - 96);
    cidr->family4 = 1;
}

bool cidr_parse(struct cidr *cidr, const char *text, size_t length)
{
    char copy[64];
    char *slash, *end;

    if (length == 0 || length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!parse_address(cidr, copy))
        return false;
    if (slash != NULL) {
        unsigned long prefix;

        if (slash[1] < '0' || slash[1] > '9')
            return false;
        prefix = strtoul(slash + 1, &end, 10);
        if (*end != '\0' || prefix > cidr->prefix)
            return false;
        cidr->prefix = (uint8_t)prefix;
    }
    unmap(cidr);
    return true;
}

int cidr_list_parse(struct cidr_list *list, const char *text, const char **bad, size_t *bad_length)
{
    list->count = 0;
    *bad = NULL;
    /* Each network takes two characters at least, its separator included. */
    list->items = calloc(strlen(text) / 2 + 1, sizeof *list->items);
    if (list->items == NULL)
        return -1;
    for (;;) {
        size_t length;

        text += strspn(text, separators);
        length = strcspn(text, separators);
        if (length == 0)
            return 0;
        if (!cidr_parse(&list->items[list->count], text, length)) {
            *bad = text;
            *bad_length = length;
            cidr_list_free(list);
            return -1;
        }
        list->count++;
        text += length;
    }
}

static bool contains(const struct cidr *cidr, const struct cidr *address)
{
    unsigned whole = cidr->prefix / 8, rest = cidr->prefix % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    if (cidr->family4 != address->family4 || memcmp(cidr->bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || ((cidr->bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

bool cidr_list_match(const struct cidr_list *list, const char *address)
{
    struct cidr peer;
    size_t length = strcspn(address, "%");

    if (memchr(address, '/', length) != NULL || !cidr_parse(&peer, address, length))
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (contains(&list->items[i], &peer))
            return true;
    return false;
}

void cidr_list_free(struct cidr_list *list)
{
    free(list->items);
    list->items = NULL;
    list->count = 0;
}
