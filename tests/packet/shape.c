#include "shape.h"
#include "hex.h"
#include <stdlib.h>
#include <string.h>

struct shape shape_udp(enum qw_family family, size_t payload_len)
{
    struct shape s;
    uint8_t payload[SHAPE_MAX];
    for (size_t i = 0; i < payload_len; i++)
        payload[i] = (uint8_t)i;
    bool v4 = family == QW_IPV4;
    s.len = test_udp(s.bytes, sizeof(s.bytes), v4 ? CLIENT4 : CLIENT6, v4 ? SERVER4 : SERVER6, payload,
                     payload_len);
    return s;
}

struct shape shape_icmp(uint8_t type, uint8_t code, uint32_t mtu, const struct shape *about, size_t quoted)
{
    struct shape s;
    const char *router = about->bytes[0] >> 4 == 4 ? ROUTER4 : ROUTER6;
    s.len =
        test_icmp_error(s.bytes, sizeof(s.bytes), router, type, code, mtu, about->bytes, about->len, quoted);
    return s;
}

static unsigned get16(const struct shape *s, size_t at)
{
    return (unsigned)s->bytes[at] << 8 | s->bytes[at + 1];
}

void shape_set16(struct shape *s, size_t at, unsigned value)
{
    s->bytes[at] = (uint8_t)(value >> 8);
    s->bytes[at + 1] = (uint8_t)value;
}

static void insert(struct shape *s, size_t at, const uint8_t *bytes, size_t len)
{
    if (s->len + len > sizeof(s->bytes))
        abort();
    memmove(s->bytes + at + len, s->bytes + at, s->len - at);
    memcpy(s->bytes + at, bytes, len);
    s->len += len;
}

void shape_options(struct shape *s, const char *hex)
{
    uint8_t options[40];
    size_t len = test_hex(hex, options, sizeof(options));
    insert(s, 20, options, len);
    s->bytes[0] = (uint8_t)(s->bytes[0] + len / 4);
    shape_set16(s, 2, get16(s, 2) + (unsigned)len);
}

void shape_extend(struct shape *s, uint8_t kind, const char *hex)
{
    uint8_t header[64] = {s->bytes[6]};
    size_t len = 1 + test_hex(hex, header + 1, sizeof(header) - 1);
    insert(s, 40, header, len);
    s->bytes[6] = kind;
    shape_set16(s, 4, get16(s, 4) + (unsigned)len);
}

void shape_fragment4(struct shape *s, unsigned offset, bool more)
{
    shape_set16(s, 6, (more ? 0x2000u : 0) | offset / 8);
}

enum qw_error shape_decode(const struct shape *s, struct packet_view *view)
{
    return packet_decode(s->bytes, s->len, (uint32_t)s->len, view);
}

bool endpoint_is(const struct qw_endpoint *ep, enum qw_family family, const char *text)
{
    char found[QW_ENDPOINT_TEXT_MAX];
    return strcmp(qw_endpoint_text(ep, family, found), text) == 0;
}
