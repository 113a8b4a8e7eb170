#ifndef CURVESHIM_SHIM_CIDR_H
#define CURVESHIM_SHIM_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IPv4 or IPv6 network. IPv4-mapped IPv6 (::ffff:a.b.c.d) counts as IPv4. Pure. */
struct cidr {
    uint8_t bytes[16];
    uint8_t prefix;  /* bits */
    uint8_t family4; /* 1: the first 4 bytes count */
};

struct cidr_list {
    size_t count;
    struct cidr *items; /* owned */
};

/* "ADDRESS" or "ADDRESS/PREFIX" of length characters; false if it is neither. */
bool cidr_parse(struct cidr *cidr, const char *text, size_t length);

/* Networks separated by white space or commas. 0; -1 when out of memory or when *bad (length
 * *bad_length) is not a network; *bad is NULL for out of memory. */
int cidr_list_parse(struct cidr_list *list, const char *text, const char **bad, size_t *bad_length);

/* address: numeric, as in a ZAP request; a zone ("%eth0") is ignored. False for what isn't an
 * address. */
bool cidr_list_match(const struct cidr_list *list, const char *address);
void cidr_list_free(struct cidr_list *list);

#endif
