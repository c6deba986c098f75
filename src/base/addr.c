#include <arpa/inet.h>
#include <quicward/base/addr.h>
#include <stdio.h>
#include <string.h>

/* Where an IPv4 address stands in the sixteen bytes. */
#define V4_AT 12

struct qw_addr qw_addr_v4(const uint8_t bytes[4])
{
    struct qw_addr addr = {{0}};
    memcpy(addr.bytes + V4_AT, bytes, 4);
    return addr;
}

struct qw_addr qw_addr_v6(const uint8_t bytes[16])
{
    struct qw_addr addr;
    memcpy(addr.bytes, bytes, 16);
    return addr;
}

int qw_endpoint_compare(const struct qw_endpoint *a, const struct qw_endpoint *b)
{
    int order = memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
    return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

bool qw_addr_equal(const struct qw_addr *a, const struct qw_addr *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

char *qw_addr_text(const struct qw_addr *addr, enum qw_family family, char out[static QW_ADDR_TEXT_MAX])
{
    if (family == QW_IPV4)
        inet_ntop(AF_INET, addr->bytes + V4_AT, out, QW_ADDR_TEXT_MAX);
    else
        inet_ntop(AF_INET6, addr->bytes, out, QW_ADDR_TEXT_MAX);
    return out;
}

char *qw_endpoint_text(const struct qw_endpoint *ep, enum qw_family family,
                       char out[static QW_ENDPOINT_TEXT_MAX])
{
    char addr[QW_ADDR_TEXT_MAX];
    qw_addr_text(&ep->addr, family, addr);
    snprintf(out, QW_ENDPOINT_TEXT_MAX, family == QW_IPV4 ? "%s:%u" : "[%s]:%u", addr, (unsigned)ep->port);
    return out;
}

bool qw_addr_parse(const char *text, struct qw_addr *out, enum qw_family *family)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1) {
        *out = qw_addr_v4(bytes);
        *family = QW_IPV4;
        return true;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        *out = qw_addr_v6(bytes);
        *family = QW_IPV6;
        return true;
    }
    return false;
}

/* A plain decimal of at most `max`: no sign, no blank, no leading zero. */
static bool parse_number(const char *text, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (*text == '\0' || (*text == '0' && text[1] != '\0'))
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

/* The `len` bytes at `text` as an address. */
static bool parse_part(const char *text, size_t len, struct qw_addr *out, enum qw_family *family)
{
    char part[QW_ADDR_TEXT_MAX];
    if (len >= sizeof(part))
        return false;
    memcpy(part, text, len);
    part[len] = '\0';
    return qw_addr_parse(part, out, family);
}

bool qw_endpoint_parse(const char *text, struct qw_endpoint *out, enum qw_family *family)
{
    struct qw_addr addr;
    enum qw_family found;
    unsigned port;
    bool bracket = *text == '[';
    const char *start = text + bracket;
    const char *end = strchr(start, bracket ? ']' : ':');
    if (!end || !parse_part(start, (size_t)(end - start), &addr, &found))
        return false;
    if (bracket != (found == QW_IPV6))
        return false;
    const char *colon = end + bracket;
    if (*colon != ':' || !parse_number(colon + 1, UINT16_MAX, &port))
        return false;
    *out = (struct qw_endpoint){.addr = addr, .port = (uint16_t)port};
    *family = found;
    return true;
}

static unsigned address_bits(enum qw_family family)
{
    return family == QW_IPV4 ? 32 : 128;
}

/* The address with all but its first `bits` bits zero. */
static struct qw_addr masked(struct qw_addr addr, enum qw_family family, unsigned bits)
{
    unsigned keep = 128 - address_bits(family) + bits;
    for (unsigned i = 0; i < sizeof(addr.bytes); i++) {
        unsigned kept_here = keep > 8 * i ? keep - 8 * i : 0;
        if (kept_here < 8)
            addr.bytes[i] &= (uint8_t)(0xff00u >> kept_here);
    }
    return addr;
}

bool qw_prefix_parse(const char *text, struct qw_prefix *out)
{
    struct qw_addr addr;
    enum qw_family family;
    size_t addr_len = strcspn(text, "/");
    if (!parse_part(text, addr_len, &addr, &family))
        return false;
    unsigned bits = address_bits(family);
    if (text[addr_len] == '/' && !parse_number(text + addr_len + 1, bits, &bits))
        return false;
    struct qw_addr network = masked(addr, family, bits);
    if (!qw_addr_equal(&network, &addr))
        return false;
    *out = (struct qw_prefix){.addr = addr, .family = family, .bits = (uint8_t)bits};
    return true;
}

char *qw_prefix_text(const struct qw_prefix *prefix, char out[static QW_PREFIX_TEXT_MAX])
{
    char addr[QW_ADDR_TEXT_MAX];
    qw_addr_text(&prefix->addr, prefix->family, addr);
    snprintf(out, QW_PREFIX_TEXT_MAX, "%s/%u", addr, (unsigned)prefix->bits);
    return out;
}

bool qw_prefix_contains(const struct qw_prefix *prefix, const struct qw_addr *addr, enum qw_family family)
{
    if (family != prefix->family)
        return false;
    struct qw_addr network = masked(*addr, family, prefix->bits);
    return qw_addr_equal(&network, &prefix->addr);
}
