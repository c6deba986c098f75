#include "record.h"
#include <string.h>

/* ---- numbers ---- */

static void put(uint8_t *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        out[i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

static uint64_t get(const uint8_t *in, unsigned size)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < size; i++)
        number = number << 8 | in[i];
    return number;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* ---- flows ---- */

enum {
    AT_VERSION = 0,
    AT_FAMILY = 1,
    AT_STATE = 2,
    AT_CLASS = 3,
    AT_FLAGS = 4,
    AT_ZERO = 5,
    AT_INSIDE_PORT = 6,
    AT_INSIDE = 8,
    AT_OUTSIDE = 24,
    AT_OUTSIDE_PORT = 40,
    AT_EXTERNAL_PORT = 42,
    AT_EXTERNAL = 44,
    AT_QUIC = 48,
    AT_SEEN = 52,
    AT_RULE = 56,
    AT_CHECK = 60
};

static uint32_t check_of(const struct record_terms *terms, const uint8_t *bytes)
{
    return (uint32_t)qw_hash24(terms->key, bytes, AT_CHECK);
}

void record_write(const struct record_terms *terms, const struct engine_mirrored *flow,
                  uint8_t out[static RECORD_SIZE])
{
    out[AT_VERSION] = RECORD_VERSION;
    out[AT_FAMILY] = (uint8_t)flow->family;
    out[AT_STATE] = (uint8_t)flow->state;
    out[AT_CLASS] = (uint8_t)flow->class;
    out[AT_FLAGS] = (uint8_t)flow->flags;
    out[AT_ZERO] = 0;
    put(out + AT_INSIDE_PORT, flow->inside.port, 2);
    memcpy(out + AT_INSIDE, flow->inside.addr.bytes, 16);
    memcpy(out + AT_OUTSIDE, flow->outside.addr.bytes, 16);
    put(out + AT_OUTSIDE_PORT, flow->outside.port, 2);
    put(out + AT_EXTERNAL_PORT, flow->external.port, 2);
    memcpy(out + AT_EXTERNAL, flow->external.addr.bytes + 12, 4);
    put(out + AT_QUIC, flow->version, 4);
    put(out + AT_SEEN, flow->last_seen.ns / QW_NS_PER_SECOND, 4);
    put(out + AT_RULE, flow->rule, 4);
    put(out + AT_CHECK, check_of(terms, out), 4);
}

static bool is_endpoint(const uint8_t *addr, const uint8_t *port, uint8_t family)
{
    bool formed = family == QW_IPV6 || is_zero(addr, 12);
    return formed && !is_zero(addr, 16) && get(port, 2) != 0;
}

static bool has_address(const struct record_terms *terms, const uint8_t *bytes)
{
    struct qw_addr addr = qw_addr_v4(bytes);
    for (unsigned i = 0; i < terms->external_count; i++)
        if (qw_addr_equal(&terms->external[i], &addr))
            return true;
    return terms->external_count == 0;
}

static bool is_mapping(const struct record_terms *terms, const uint8_t *bytes)
{
    if (get(bytes + AT_EXTERNAL_PORT, 2) == 0)
        return is_zero(bytes + AT_EXTERNAL, 4) && !(bytes[AT_FLAGS] & ENGINE_MIRROR_HOLDS_MAPPING);
    return terms->nat && bytes[AT_FAMILY] == QW_IPV4 && !is_zero(bytes + AT_EXTERNAL, 4) &&
           has_address(terms, bytes + AT_EXTERNAL);
}

static bool are_words(const uint8_t *bytes)
{
    bool family = bytes[AT_FAMILY] == QW_IPV4 || bytes[AT_FAMILY] == QW_IPV6;
    bool class = bytes[AT_CLASS] > FLOW_ASKED && bytes[AT_CLASS] < FLOW_CLASSES;
    unsigned client = ENGINE_MIRROR_CLIENT_KNOWN | ENGINE_MIRROR_CLIENT_INSIDE;
    return family && class && bytes[AT_STATE] <= FLOW_CONFIRMED && bytes[AT_ZERO] == 0 &&
           (bytes[AT_FLAGS] & client) != ENGINE_MIRROR_CLIENT_INSIDE;
}

/* Two endpoints, not one and the same. */
static bool are_ends(const uint8_t *bytes)
{
    uint8_t family = bytes[AT_FAMILY];
    bool same = memcmp(bytes + AT_INSIDE, bytes + AT_OUTSIDE, 16) == 0 &&
                memcmp(bytes + AT_INSIDE_PORT, bytes + AT_OUTSIDE_PORT, 2) == 0;
    return !same && is_endpoint(bytes + AT_INSIDE, bytes + AT_INSIDE_PORT, family) &&
           is_endpoint(bytes + AT_OUTSIDE, bytes + AT_OUTSIDE_PORT, family);
}

static bool is_flow(const struct record_terms *terms, const uint8_t *bytes)
{
    return bytes[AT_VERSION] == RECORD_VERSION && get(bytes + AT_CHECK, 4) == check_of(terms, bytes) &&
           are_words(bytes) && are_ends(bytes) && is_mapping(terms, bytes);
}

static struct qw_endpoint endpoint_at(const uint8_t *addr, const uint8_t *port)
{
    struct qw_endpoint endpoint = {.port = (uint16_t)get(port, 2)};
    memcpy(endpoint.addr.bytes, addr, sizeof endpoint.addr.bytes);
    return endpoint;
}

void record_decode(const uint8_t bytes[static RECORD_SIZE], struct engine_mirrored *out)
{
    uint16_t external = (uint16_t)get(bytes + AT_EXTERNAL_PORT, 2);
    *out = (struct engine_mirrored){
        .family = (enum qw_family)bytes[AT_FAMILY],
        .inside = endpoint_at(bytes + AT_INSIDE, bytes + AT_INSIDE_PORT),
        .outside = endpoint_at(bytes + AT_OUTSIDE, bytes + AT_OUTSIDE_PORT),
        .state = (enum flow_state)bytes[AT_STATE],
        .class = (enum flow_class)bytes[AT_CLASS],
        .flags = bytes[AT_FLAGS],
        .version = (uint32_t)get(bytes + AT_QUIC, 4),
        .rule = (uint32_t)get(bytes + AT_RULE, 4),
        .last_seen = {get(bytes + AT_SEEN, 4) * QW_NS_PER_SECOND},
    };
    if (external != 0)
        out->external = (struct qw_endpoint){qw_addr_v4(bytes + AT_EXTERNAL), external};
}

enum record_result record_read(const struct record_terms *terms, const uint8_t bytes[static RECORD_SIZE],
                               struct engine_mirrored *out)
{
    static const uint8_t EMPTY[RECORD_SIZE];
    if (memcmp(bytes, EMPTY, RECORD_SIZE) == 0)
        return RECORD_EMPTY;
    if (!is_flow(terms, bytes))
        return RECORD_BAD;
    record_decode(bytes, out);
    return RECORD_FLOW;
}

/* ---- the header ---- */

static const char MAGIC[6] = {'Q', 'W', 'P', 'E', 'E', 'R'};

enum {
    HEADER_VERSION = 6,
    HEADER_DIGEST = 8,
    HEADER_COUNT = 16,
    HEADER_NOW = 24,
    HEADER_LIFE = 32,
    HEADER_SHARDS = 40,
    HEADER_SLOTS = 44,
    HEADER_WRITTEN = 56,
    HEADER_OWNED = 72
};

/* Of each thing that is owned. */
enum { OWNED_ACTIVE = 0, OWNED_ZERO = 1, OWNED_EPOCH = 2, OWNED_SIZE = 8 };

size_t record_header_write(const struct record_terms *terms, const struct record_header *header,
                           uint8_t out[static RECORD_HEADER_MAX])
{
    size_t check = HEADER_OWNED + (size_t)header->owned_count * OWNED_SIZE;
    memset(out, 0, RECORD_HEADER_MAX);
    memcpy(out, MAGIC, sizeof MAGIC);
    put(out + HEADER_VERSION, RECORD_VERSION, 2);
    put(out + HEADER_DIGEST, header->digest, 8);
    put(out + HEADER_COUNT, header->owned_count, 8);
    put(out + HEADER_NOW, header->now.ns, 8);
    put(out + HEADER_LIFE, header->life, 8);
    put(out + HEADER_SHARDS, header->shards, 4);
    put(out + HEADER_SLOTS, header->slots, 4);
    put(out + HEADER_WRITTEN, header->written, 8);
    for (unsigned i = 0; i < header->owned_count; i++) {
        uint8_t *at = out + HEADER_OWNED + i * OWNED_SIZE;
        at[OWNED_ACTIVE] = header->owned[i].active;
        put(at + OWNED_EPOCH, header->owned[i].epoch, 6);
    }
    put(out + check, qw_hash24(terms->key, out, check), 8);
    return check + 8;
}

/* An epoch counts takeovers: one that is near the end of its numbers is none, and could not be outdone. */
#define EPOCH_MAX (UINT64_C(1) << 40)

static bool read_owned(const uint8_t *in, struct record_header *header)
{
    bool sound = true;
    for (unsigned i = 0; i < header->owned_count; i++) {
        const uint8_t *at = in + HEADER_OWNED + i * OWNED_SIZE;
        header->owned[i] = (struct record_owned){get(at + OWNED_EPOCH, 6), at[OWNED_ACTIVE] == 1};
        sound &= at[OWNED_ACTIVE] <= 1 && at[OWNED_ZERO] == 0 && header->owned[i].epoch <= EPOCH_MAX;
    }
    return sound;
}

static bool is_whole(const struct record_terms *terms, const uint8_t *in, size_t len)
{
    if (len < RECORD_HEADER_SIZE(1) || len > RECORD_HEADER_MAX)
        return false;
    uint64_t count = get(in + HEADER_COUNT, 8);
    return count >= 1 && count <= RECORD_OWNED_MAX && len == RECORD_HEADER_SIZE(count) &&
           get(in + len - 8, 8) == qw_hash24(terms->key, in, len - 8);
}

enum record_header_result record_header_read(const struct record_terms *terms, const void *bytes, size_t len,
                                             struct record_header *out)
{
    const uint8_t *in = bytes;
    if (len < HEADER_DIGEST || memcmp(in, MAGIC, sizeof MAGIC) != 0)
        return RECORD_HEADER_BAD;
    if (get(in + HEADER_VERSION, 2) != RECORD_VERSION)
        return RECORD_HEADER_OTHER;
    if (!is_whole(terms, in, len))
        return RECORD_HEADER_BAD;
    struct record_header header = {.digest = get(in + HEADER_DIGEST, 8),
                                   .life = get(in + HEADER_LIFE, 8),
                                   .written = get(in + HEADER_WRITTEN, 8),
                                   .now = {get(in + HEADER_NOW, 8)},
                                   .shards = (uint32_t)get(in + HEADER_SHARDS, 4),
                                   .slots = (uint32_t)get(in + HEADER_SLOTS, 4),
                                   .owned_count = (unsigned)get(in + HEADER_COUNT, 8)};
    if (header.shards == 0 || header.shards > RECORD_SHARDS_MAX || header.slots == 0 ||
        header.slots > RECORD_SLOTS_MAX / header.shards || !read_owned(in, &header))
        return RECORD_HEADER_BAD;
    *out = header;
    return RECORD_HEADER_GOOD;
}
