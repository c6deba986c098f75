/* What stands in the store of another router: any bytes, or a sound record with changed fields and a right
 * check value, for whoever has the key may err too. What is believed is entered into an engine. */
#include "engine_input.h"
#include "record.h"
#include <quicward/engine_mirror.h>
#include <string.h>

#define FILE_TEXT                                                                                            \
    "mode = \"nat\"; nat = { external = [\"198.51.100.7\"]; }; inside = [\"lan0\"]; outside = [\"wan0\"];"   \
    "flows = { max = 64; handshakes = 8; };"

static const struct qw_time NOW = {1000 * QW_NS_PER_SECOND};

static void sign_header(const struct record_terms *terms, uint8_t *bytes, size_t len)
{
    uint64_t check = qw_hash24(terms->key, bytes, len - 8);
    for (unsigned i = 0; i < 8; i++)
        bytes[len - 8 + i] = (uint8_t)(check >> (56 - 8 * i));
}

static void read_header(const struct record_terms *terms, struct fuzz_input *in)
{
    uint8_t bytes[RECORD_HEADER_MAX] = {0};
    struct record_header header;
    size_t len = in->left < sizeof bytes ? in->left : sizeof bytes;
    memcpy(bytes, in->data, len);
    if (len >= RECORD_HEADER_SIZE(1)) /* for whoever has the key may err too */
        sign_header(terms, bytes, len);
    if (record_header_read(terms, bytes, len, &header) != RECORD_HEADER_GOOD)
        return;
    NEED((uint64_t)header.shards * header.slots <= RECORD_SLOTS_MAX);
    NEED(header.owned_count >= 1 && header.owned_count <= RECORD_OWNED_MAX);
}

/* The check value is the last of it. */
static void sign(const struct record_terms *terms, uint8_t bytes[static RECORD_SIZE])
{
    uint32_t check = (uint32_t)qw_hash24(terms->key, bytes, RECORD_SIZE - 4);
    for (unsigned i = 0; i < 4; i++)
        bytes[RECORD_SIZE - 4 + i] = (uint8_t)(check >> (24 - 8 * i));
}

/* A sound record with up to eight bytes changed: where, and what. */
static void change(const struct record_terms *terms, struct fuzz_input *in, uint8_t bytes[static RECORD_SIZE])
{
    struct engine_mirrored flow = {.family = QW_IPV4,
                                   .state = FLOW_CONFIRMED,
                                   .class = FLOW_KNOWN,
                                   .flags = ENGINE_MIRROR_BEGUN_INSIDE | ENGINE_MIRROR_HOLDS_MAPPING,
                                   .inside = {.port = 5000},
                                   .outside = {.port = 443},
                                   .external = {terms->external[0], 40000},
                                   .last_seen = NOW};
    flow.inside.addr.bytes[15] = flow.outside.addr.bytes[12] = 9;
    record_write(terms, &flow, bytes);
    for (unsigned changes = fuzz_byte(in) % 9u; changes > 0; changes--) {
        uint8_t at = fuzz_byte(in) % RECORD_SIZE;
        bytes[at] = fuzz_byte(in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config *config;
    static struct engine *engine; /* what an input left is ended; its ports rest, which is no matter */
    struct fuzz_input in = {data, size};
    struct engine_mirrored flow;
    struct engine_mirror_given given = {0};
    uint64_t flows = 0;
    if (!config) {
        config = fuzz_config(FILE_TEXT);
        engine = fuzz_engine(config, NULL, NOW);
    }
    const struct record_terms terms = {
        .key = {1, 2}, .nat = true, .external = config->external, .external_count = config->external_count};
    uint8_t how = size > 0 ? fuzz_byte(&in) : 0;
    read_header(&terms, &in);
    while (in.left > 0) {
        uint8_t bytes[RECORD_SIZE] = {0};
        struct qw_bytes raw = how % 4 < 2 ? fuzz_bytes(&in, RECORD_SIZE) : (struct qw_bytes){0};
        if (raw.len > 0)
            memcpy(bytes, raw.data, raw.len);
        else
            change(&terms, &in, bytes);
        if (how % 4 != 0)
            sign(&terms, bytes);
        if (record_read(&terms, bytes, &flow) != RECORD_FLOW)
            continue;
        NEED(flow.external.port == 0 || qw_addr_equal(&flow.external.addr, &config->external[0]));
        flows++;
        engine_mirror_give(engine, &flow, 1, NOW, 30 * QW_NS_PER_SECOND, &given);
    }
    NEED(given.adopted + given.twins + given.conflicts + given.expired + given.refused == flows);
    if (flows == 0)
        return 0;
    engine_mirror_settle(engine, NOW);
    engine_mirror_clear(engine, ENGINE_OWNER_ALL, NOW);
    return 0;
}
