#include "sample.h"
#include "hex.h"
#include "packets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UDP_HEADER = 8, FRAGMENT_HEADER = 44 };

static size_t ip_header(enum qw_family family)
{
    return family == QW_IPV4 ? 20 : 40;
}

static struct sample udp(const char *from, const char *to, size_t payload_len)
{
    struct sample s;
    bool v4 = !strchr(from, ':');
    uint8_t payload[SAMPLE_MAX];
    char src[QW_ENDPOINT_TEXT_MAX], dst[QW_ENDPOINT_TEXT_MAX];
    for (size_t i = 0; i < payload_len; i++)
        payload[i] = (uint8_t)(i * 7 + 1);
    snprintf(src, sizeof(src), v4 ? "%s:50000" : "[%s]:50000", from);
    snprintf(dst, sizeof(dst), v4 ? "%s:443" : "[%s]:443", to);
    s.len = test_udp(s.bytes, sizeof(s.bytes), src, dst, payload, payload_len);
    return s;
}

struct sample sample_udp(enum qw_family family, size_t total)
{
    bool v4 = family == QW_IPV4;
    return udp(v4 ? CLIENT4 : CLIENT6, v4 ? SERVER4 : SERVER6, total - ip_header(family) - UDP_HEADER);
}

struct sample sample_between(const char *from, const char *to)
{
    return udp(from, to, 20);
}

struct sample sample_icmp(enum qw_family family, uint8_t type)
{
    struct sample s = sample_udp(family, 100);
    bool v4 = family == QW_IPV4;
    s.bytes[v4 ? 9 : 6] = v4 ? 1 : 58;
    s.bytes[ip_header(family)] = type;
    s.bytes[ip_header(family) + 1] = 0;
    return s;
}

static void set16(struct sample *s, size_t at, unsigned value)
{
    s->bytes[at] = (uint8_t)(value >> 8);
    s->bytes[at + 1] = (uint8_t)value;
}

/* Makes room for bytes behind the IP header, whose length field is at `field`. */
static void insert(struct sample *s, size_t at, const uint8_t *bytes, size_t len, size_t field)
{
    unsigned counted = (unsigned)s->bytes[field] << 8 | s->bytes[field + 1];
    if (s->len + len > sizeof(s->bytes))
        abort();
    memmove(s->bytes + at + len, s->bytes + at, s->len - at);
    memcpy(s->bytes + at, bytes, len);
    s->len += len;
    set16(s, field, counted + (unsigned)len);
}

void sample_options(struct sample *s, const char *hex)
{
    uint8_t options[40];
    size_t len = test_hex(hex, options, sizeof(options));
    insert(s, 20, options, len, 2);
    s->bytes[0] = (uint8_t)(s->bytes[0] + len / 4);
}

static void extend(struct sample *s, uint8_t kind, uint8_t *header, size_t len)
{
    header[0] = s->bytes[6];
    insert(s, 40, header, len, 4);
    s->bytes[6] = kind;
}

void sample_extend(struct sample *s, uint8_t kind, const char *hex)
{
    uint8_t header[64];
    size_t len = 1 + test_hex(hex, header + 1, sizeof(header) - 1);
    extend(s, kind, header, len);
}

void sample_fragment(struct sample *s, unsigned offset, bool more)
{
    if (s->bytes[0] >> 4 == QW_IPV4) {
        set16(s, 6, (more ? 0x2000u : 0) | offset / 8);
        return;
    }
    uint8_t header[8] = {0, 0, (uint8_t)(offset >> 8), (uint8_t)(offset | more), 0, 0, 0, 1};
    extend(s, FRAGMENT_HEADER, header, sizeof(header));
}

uint16_t sample_sum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        if (sum > 0xffff)
            sum -= 0xffff;
    }
    return (uint16_t)sum;
}

uint32_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}
