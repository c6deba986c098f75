#include "rewrite_model.h"
#include "random.h"
#include <quicward/base/bytes.h>
#include <stdlib.h>
#include <string.h>

enum { UDP_HEADER = 8, ICMP_HEADER = 8, ICMP = 1, UDP = 17 };

/* RFC 1071, two bytes at a time; `sum` is what came before. */
static uint32_t sum_of(uint32_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void put16(uint8_t *at, uint32_t word)
{
    at[0] = (uint8_t)(word >> 8);
    at[1] = (uint8_t)word;
}

/* The complement of `sum` in one's complement plus `off`. */
static uint16_t checksum_of(uint32_t sum, uint16_t off)
{
    uint16_t right = (uint16_t)~sum;
    return off == 0 ? right : (uint16_t)(((uint32_t)right + off) % 0xffff);
}

/* What both kinds of packet have in front. */
struct ip {
    const struct qw_addr *src, *dst;
    size_t options, payload_len;
    uint8_t protocol, filling;
    uint16_t off;
};

static size_t put_ip(struct bytes *out, const struct ip *ip)
{
    size_t len = 20 + ip->options;
    uint8_t *at = out->at;
    memset(at, ip->filling, len);
    at[0] = (uint8_t)(0x40 | len / 4);
    put16(at + 2, (uint32_t)(len + ip->payload_len));
    put16(at + 6, 0x4000);
    at[9] = ip->protocol;
    put16(at + 10, 0);
    memcpy(at + 12, ip->src->bytes + 12, 4);
    memcpy(at + 16, ip->dst->bytes + 12, 4);
    put16(at + 10, checksum_of(sum_of(0, at, len), ip->off));
    out->len = len + ip->payload_len;
    if (out->len > sizeof(out->at))
        abort();
    return len;
}

static uint16_t udp_checksum(const struct bytes *packet, size_t l4, uint16_t off)
{
    size_t len = packet->len - l4;
    uint32_t sum = sum_of(0, packet->at + 12, 8);
    uint16_t checksum = checksum_of(sum_of(sum + UDP + (uint32_t)len, packet->at + l4, len), off);
    return checksum ? checksum : 0xffff;
}

struct bytes model_udp_bytes(const struct model_udp *udp)
{
    struct bytes out;
    size_t len = UDP_HEADER + udp->payload_len;
    struct ip ip = {&udp->src.addr, &udp->dst.addr, udp->options, len, UDP, udp->filling, udp->wrongs.ip};
    size_t l4 = put_ip(&out, &ip);
    put16(out.at + l4, udp->src.port);
    put16(out.at + l4 + 2, udp->dst.port);
    put16(out.at + l4 + 4, (uint32_t)len);
    put16(out.at + l4 + 6, 0);
    memcpy(out.at + l4 + 8, udp->payload, udp->payload_len);
    if (!udp->unsummed)
        put16(out.at + l4 + 6, udp_checksum(&out, l4, udp->wrongs.udp));
    return out;
}

struct bytes model_error_bytes(const struct model_error *error)
{
    struct bytes out, about = model_udp_bytes(&error->about);
    size_t quoted = error->quoted < about.len ? error->quoted : about.len;
    struct ip ip = {&error->src, &error->dst, error->options,  ICMP_HEADER + quoted,
                    ICMP,        0,           error->wrongs.ip};
    size_t l4 = put_ip(&out, &ip);
    memset(out.at + l4, 0, ICMP_HEADER);
    out.at[l4] = error->type;
    out.at[l4 + 1] = error->code;
    memcpy(out.at + l4 + ICMP_HEADER, about.at, quoted);
    if (quoted == 20 + error->about.options + 7)
        out.at[out.len - 1] = 0; /* half a checksum cannot follow: the same on both sides */
    put16(out.at + l4 + 2, checksum_of(sum_of(0, out.at + l4, out.len - l4), error->wrongs.icmp));
    return out;
}

static uint16_t random_word(uint64_t *state)
{
    static const uint16_t EDGES[] = {0x0000, 0xffff, 0x0001, 0xfffe};
    uint32_t random = test_random(state);
    return random & 0x30000 ? (uint16_t)random : EDGES[random % 4];
}

struct qw_endpoint model_random_endpoint(uint64_t *state)
{
    struct qw_endpoint ep = {.port = random_word(state)};
    put16(ep.addr.bytes + 12, random_word(state));
    put16(ep.addr.bytes + 14, random_word(state));
    return ep;
}

struct model_udp model_random_udp(uint64_t *state)
{
    struct model_udp udp = {
        .src = model_random_endpoint(state),
        .dst = model_random_endpoint(state),
        .options = test_random(state) % 3 ? 0 : test_random(state) % 11 * 4,
        .unsummed = test_random(state) % 8 == 0,
        .payload_len = test_random(state) % (test_random(state) % 16 ? 64 : sizeof(udp.payload)),
        .filling = (uint8_t)test_random(state),
    };
    for (size_t i = 0; i < udp.payload_len; i++)
        udp.payload[i] = (uint8_t)test_random(state);
    return udp;
}

struct model_error model_random_error(uint64_t *state)
{
    static const uint8_t TYPES[] = {3, 4, 11, 12};
    struct model_error error = {
        .src = model_random_endpoint(state).addr,
        .dst = model_random_endpoint(state).addr,
        .options = test_random(state) % 4 ? 0 : test_random(state) % 11 * 4,
        .type = TYPES[test_random(state) % 4],
        .code = (uint8_t)(test_random(state) % 16),
        .about = model_random_udp(state),
    };
    error.quoted = 20 + error.about.options + 4;
    if (test_random(state) % 4)
        error.quoted += 4;
    if (test_random(state) % 2)
        error.quoted += test_random(state) % 600;
    return error;
}

struct wrongs model_random_wrongs(uint64_t *state)
{
    struct wrongs wrongs = {random_word(state), random_word(state), random_word(state)};
    return wrongs;
}

void model_make_sum_zero(struct model_udp *udp)
{
    if (udp->payload_len < 2)
        udp->payload_len = 2;
    udp->unsummed = false;
    put16(udp->payload, 0);
    struct bytes bytes = model_udp_bytes(udp);
    put16(udp->payload, model_word(&bytes, 20 + udp->options + 6));
}

uint16_t model_word(const struct bytes *bytes, size_t at)
{
    return (uint16_t)(bytes->at[at] << 8 | bytes->at[at + 1]);
}

void model_one_zero(struct bytes *bytes, size_t at)
{
    if (model_word(bytes, at) == 0xffff)
        put16(bytes->at + at, 0);
}
