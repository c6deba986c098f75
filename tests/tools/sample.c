#include "sample.h"

#include <quicward/base/bytes.h>
#include <quicward/base/checksum.h>
#include <stdio.h>
#include <string.h>

#define IP_HEADER 20
#define UDP_HEADER 8
#define IDENTIFICATIONS 65535u /* 0 would be filled in by the kernel */
#define PAYLOADS 65504u        /* lengths 0 to 65503 */
#define STRIDE 40507u          /* no factor in common with PAYLOADS: a walk through all lengths */
#define TTL_LEAST 8
#define NO_OPERATION 1 /* RFC 791: an IP option of one byte */
#define UDP 17

/* Splitmix64: any bit of the result depends on all of `x`. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

static uint64_t seed(struct sample sample)
{
    return mix(((uint64_t)sample.number << 1 | sample.answer) + 0x9e3779b97f4a7c15ull);
}

static size_t payload_len(struct sample sample)
{
    uint32_t turn = sample.answer ? sample.number + PAYLOADS / 2 : sample.number;
    return (size_t)((uint64_t)turn % PAYLOADS * STRIDE % PAYLOADS);
}

static size_t options_len(struct sample sample, size_t payload)
{
    bool room = IP_HEADER + 4 + UDP_HEADER + payload <= SAMPLE_PACKET_MAX;
    return room && sample.number % 16 == 3 ? 4 : 0;
}

static void put_payload(uint8_t *out, size_t len, uint64_t state)
{
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t word = mix(state += 0x9e3779b97f4a7c15ull);
        memcpy(out + at, &word, len - at < sizeof(word) ? len - at : sizeof(word));
    }
}

static void put_ip(struct qw_writer *w, struct sample sample, size_t options, size_t total, unsigned hops)
{
    uint64_t choice = seed(sample) >> 8;
    qw_put_u8(w, (uint8_t)(0x40 | (IP_HEADER + options) / 4));
    qw_put_u8(w, (uint8_t)sample.number); /* DSCP and ECN: all 256 */
    qw_put_u16(w, (uint16_t)total);
    qw_put_u16(w, (uint16_t)(sample.number % IDENTIFICATIONS + 1));
    qw_put_u16(w, choice & 1 ? 0x4000 : 0); /* DF */
    qw_put_u8(w, (uint8_t)(TTL_LEAST + choice % (256 - TTL_LEAST) - hops));
    qw_put_u8(w, UDP);
    qw_put_zeros(w, 2);
}

static void set_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* RFC 768: over a pseudo header; one that is 0 is sent as all ones. */
static uint16_t udp_checksum(const uint8_t *ip, const uint8_t *udp, size_t len)
{
    uint32_t sum = qw_checksum_add(UDP + (uint32_t)len, ip + 12, 8);
    uint16_t checksum = qw_checksum_finish(qw_checksum_add(sum, udp, len));
    return checksum == 0 ? 0xffff : checksum;
}

size_t sample_write(uint8_t out[static SAMPLE_PACKET_MAX], struct sample sample,
                    const struct qw_endpoint *from, const struct qw_endpoint *to, unsigned hops)
{
    size_t payload = payload_len(sample), options = options_len(sample, payload);
    size_t udp_len = UDP_HEADER + payload, header = IP_HEADER + options;
    struct qw_writer w = qw_writer(out, SAMPLE_PACKET_MAX);
    put_ip(&w, sample, options, header + udp_len, hops);
    qw_put(&w, from->addr.bytes + 12, 4);
    qw_put(&w, to->addr.bytes + 12, 4);
    for (size_t i = 0; i < options; i++)
        qw_put_u8(&w, NO_OPERATION);
    qw_put_u16(&w, from->port);
    qw_put_u16(&w, to->port);
    qw_put_u16(&w, (uint16_t)udp_len);
    qw_put_zeros(&w, 2);
    put_payload(out + header + UDP_HEADER, payload, seed(sample));
    if (seed(sample) & 1)
        set_u16(out + header + 6, udp_checksum(out, out + header, udp_len));
    set_u16(out + 10, qw_checksum_finish(qw_checksum_add(0, out, header)));
    return header + udp_len;
}

bool sample_endpoints(const uint8_t *packet, size_t len, struct qw_endpoint *from, struct qw_endpoint *to)
{
    struct qw_reader r = qw_reader(packet, len);
    size_t header = (size_t)(qw_u8(&r) & 0x0f) * 4;
    qw_skip(&r, 8);
    bool udp = qw_u8(&r) == UDP;
    qw_skip(&r, 2);
    struct qw_bytes source = qw_take(&r, 4), destination = qw_take(&r, 4);
    qw_skip(&r, header > IP_HEADER ? header - IP_HEADER : 0);
    from->port = qw_u16(&r);
    to->port = qw_u16(&r);
    if (r.bad || !udp)
        return false;
    from->addr = qw_addr_v4(source.data);
    to->addr = qw_addr_v4(destination.data);
    return true;
}

uint32_t sample_number(const uint8_t *packet, uint32_t about)
{
    uint32_t id = ((uint32_t)packet[4] << 8 | packet[5]) - 1;
    uint32_t ahead = (id + IDENTIFICATIONS - about % IDENTIFICATIONS) % IDENTIFICATIONS;
    return ahead <= IDENTIFICATIONS / 2 || about + ahead < IDENTIFICATIONS ? about + ahead
                                                                           : about + ahead - IDENTIFICATIONS;
}

static void print_difference(const uint8_t *packet, size_t len, const uint8_t *wanted, size_t wanted_len,
                             struct sample sample)
{
    size_t at = 0;
    while (at < len && at < wanted_len && packet[at] == wanted[at])
        at++;
    printf("number %u%s: %zu bytes, wanted %zu; they differ from byte %zu on", sample.number,
           sample.answer ? " back" : "", len, wanted_len, at);
    if (at < len && at < wanted_len)
        printf(": 0x%02x, wanted 0x%02x", packet[at], wanted[at]);
    puts("");
}

bool sample_intact(const uint8_t *packet, size_t len, struct sample sample, unsigned hops)
{
    static uint8_t wanted[SAMPLE_PACKET_MAX];
    struct qw_endpoint from, to;
    if (!sample_endpoints(packet, len, &from, &to))
        return false;
    size_t wanted_len = sample_write(wanted, sample, &from, &to, hops);
    if (len == wanted_len && memcmp(packet, wanted, len) == 0)
        return true;
    print_difference(packet, len, wanted, wanted_len, sample);
    return false;
}
