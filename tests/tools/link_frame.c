#include "link_frame.h"

#include <quicward/base/bytes.h>
#include <quicward/base/checksum.h>
#include <string.h>

#define ETHERNET 14
#define IPV4 0x0800
#define IPV6 0x86dd
#define UDP 17
#define UDP_HEADER 8
#define IPV6_HEADER 40
#define FRAGMENT_BITS 0x3fff /* more fragments, or an offset */
#define VERSION_2 0x6b3343cfu

static bool read_v4(struct qw_reader *r, struct link_frame *out)
{
    size_t at = qw_offset(r);
    uint8_t first = qw_u8(r);
    qw_skip(r, 1);
    out->end = at + qw_u16(r);
    qw_skip(r, 2);
    bool fragment = qw_u16(r) & FRAGMENT_BITS;
    qw_skip(r, 1);
    uint8_t protocol = qw_u8(r);
    size_t header = (size_t)(first & 15) * 4;
    out->udp = at + header;
    out->v4 = true;
    return !r->bad && first >> 4 == 4 && header >= 20 && !fragment && protocol == UDP;
}

static bool read_v6(struct qw_reader *r, struct link_frame *out)
{
    size_t at = qw_offset(r);
    uint8_t first = qw_u8(r);
    qw_skip(r, 3);
    out->end = at + IPV6_HEADER + qw_u16(r);
    uint8_t next = qw_u8(r);
    out->udp = at + IPV6_HEADER;
    out->v4 = false;
    return !r->bad && first >> 4 == 6 && next == UDP;
}

bool link_frame_read(uint8_t *bytes, size_t len, struct link_frame *out)
{
    struct qw_reader r = qw_reader(bytes, len);
    qw_skip(&r, ETHERNET - 2);
    uint16_t type = qw_u16(&r);
    *out = (struct link_frame){.bytes = bytes, .len = len, .ip = ETHERNET};
    bool udp = (type == IPV4 && read_v4(&r, out)) || (type == IPV6 && read_v6(&r, out));
    out->payload = out->udp + UDP_HEADER;
    return udp && out->end <= len && out->payload <= out->end;
}

static uint16_t word(const struct link_frame *frame, size_t at)
{
    return (uint16_t)(frame->bytes[at] << 8 | frame->bytes[at + 1]);
}

static void put_word(struct link_frame *frame, size_t at, uint16_t value)
{
    frame->bytes[at] = (uint8_t)(value >> 8);
    frame->bytes[at + 1] = (uint8_t)value;
}

struct link_ends link_frame_ends(const struct link_frame *frame)
{
    struct link_ends ends = {.from_port = word(frame, frame->udp), .to_port = word(frame, frame->udp + 2)};
    size_t len = frame->v4 ? 4 : 16, at = frame->ip + (frame->v4 ? 12 : 8);
    memcpy(ends.from, frame->bytes + at, len);
    memcpy(ends.to, frame->bytes + at + len, len);
    return ends;
}

/* A checksum of 0 says that there is none (RFC 768), so a result of 0 is sent as 0xffff. */
static void change(struct link_frame *frame, size_t at, uint16_t value)
{
    uint16_t checksum = word(frame, frame->udp + 6);
    if (checksum != 0) {
        checksum = qw_checksum_update(checksum, word(frame, at), value);
        put_word(frame, frame->udp + 6, checksum ? checksum : 0xffff);
    }
    put_word(frame, at, value);
}

void link_frame_set_port(struct link_frame *frame, bool destination, uint16_t port)
{
    change(frame, frame->udp + (destination ? 2 : 0), port);
}

void link_frame_corrupt(struct link_frame *frame, uint32_t random)
{
    size_t words = (frame->end - frame->payload) / 2;
    if (words == 0)
        return;
    size_t at = frame->payload + 2 * ((random >> 8) % words);
    change(frame, at, (uint16_t)(word(frame, at) ^ (1 + (random & 0x7f))));
}

/* Moves behind a long header packet of v1 or v2; false when that cannot be told, or the rest belongs to it.
 */
static bool skip_long(struct qw_reader *r)
{
    uint8_t first = qw_u8(r);
    unsigned type = first >> 4 & 3;
    uint32_t version = qw_u32(r);
    if (version == VERSION_2)
        type = (type + 3) & 3; /* RFC 9369 3.2 */
    else if (version != 1)
        return false;
    qw_skip(r, qw_u8(r));
    qw_skip(r, qw_u8(r));
    if (type == 0)
        qw_skip(r, qw_varint(r));
    if (type == 3)
        return false;
    qw_skip(r, qw_varint(r));
    return !r->bad;
}

/* Some fill a datagram with zeros behind its last packet. */
static bool only_zeros(struct qw_reader r)
{
    while (qw_left(&r) > 0)
        if (qw_u8(&r) != 0)
            return false;
    return true;
}

/* The fixed bit says nothing: it may be greased (RFC 9287). */
bool link_frame_one_rtt(const struct link_frame *frame)
{
    struct qw_reader r = qw_reader(frame->bytes + frame->payload, frame->end - frame->payload);
    while (qw_left(&r) > 0) {
        if (!(*r.at & 0x80))
            return !only_zeros(r);
        if (!skip_long(&r))
            return false;
    }
    return false;
}
