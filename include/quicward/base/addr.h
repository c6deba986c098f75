/* Addresses, endpoints and 5-tuples. IPv4 and IPv6 share one form: IPv4 stands in the last four bytes, the
 * rest zero, and `family` says which it is, so a v4-mapped IPv6 address is never taken for IPv4. */
#ifndef QUICWARD_BASE_ADDR_H
#define QUICWARD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qw_family { QW_IPV4 = 4, QW_IPV6 = 6 };

struct qw_addr {
    uint8_t bytes[16]; /* network order; IPv4 in bytes[12..15], bytes[0..11] zero */
};

struct qw_endpoint {
    struct qw_addr addr;
    uint16_t port; /* host order */
};

/* A UDP 5-tuple as one packet carries it; the protocol is always UDP. */
struct qw_tuple {
    struct qw_endpoint src, dst;
    enum qw_family family;
};

struct qw_prefix {
    struct qw_addr addr; /* bits beyond `bits` are zero */
    enum qw_family family;
    uint8_t bits; /* 0..32 or 0..128 */
};

#define QW_ADDR_TEXT_MAX 46     /* longest IPv6 text and its NUL */
#define QW_ENDPOINT_TEXT_MAX 54 /* "[" address "]:65535" and its NUL */
#define QW_PREFIX_TEXT_MAX 50   /* address "/128" and its NUL */

struct qw_addr qw_addr_v4(const uint8_t bytes[4]);
struct qw_addr qw_addr_v6(const uint8_t bytes[16]);

/* Order by bytes, then port: <0, 0, >0 as memcmp. */
int qw_endpoint_compare(const struct qw_endpoint *a, const struct qw_endpoint *b);
bool qw_addr_equal(const struct qw_addr *a, const struct qw_addr *b);

/* "192.0.2.1", "2001:db8::1" (RFC 5952). Returns `out`. */
char *qw_addr_text(const struct qw_addr *addr, enum qw_family family, char out[static QW_ADDR_TEXT_MAX]);

/* "192.0.2.1:443", "[2001:db8::1]:443". Returns `out`. */
char *qw_endpoint_text(const struct qw_endpoint *ep, enum qw_family family,
                       char out[static QW_ENDPOINT_TEXT_MAX]);

/* Reads the forms that qw_addr_text and qw_endpoint_text write, and every other text form of an IPv6 address
 * (RFC 4291 2.2). False, and *out unchanged, for anything else. */
bool qw_addr_parse(const char *text, struct qw_addr *out, enum qw_family *family);
bool qw_endpoint_parse(const char *text, struct qw_endpoint *out, enum qw_family *family);

/* "192.0.2.0/24", "2001:db8::/32", or a bare address as a full-length prefix. False for anything else, also
 * when a bit beyond the prefix is set; *out is then unchanged. */
bool qw_prefix_parse(const char *text, struct qw_prefix *out);
char *qw_prefix_text(const struct qw_prefix *prefix, char out[static QW_PREFIX_TEXT_MAX]);
bool qw_prefix_contains(const struct qw_prefix *prefix, const struct qw_addr *addr, enum qw_family family);

#endif
