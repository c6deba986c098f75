/* S7: cut and changed datagrams. Each lies flush against memory that can't be read, and is opened into memory
 * that ends where the packet's length does. */
#include "common.h"
#include "guard.h"

#define MUTATIONS 200000
#define DATAGRAM_MAX 1500

struct rig {
    struct guard in, out;
    struct quic_initial_keys keys[2];
    struct test_cid original;
    uint64_t random;
    unsigned long packets, opened, verified, beyond; /* `beyond`: views that leave their datagram */
};

static struct rig rig_new(void)
{
    struct test_initial client = plain_initial(QUIC_VERSION_1), server = client;
    server.from_server = true;
    return (struct rig){
        .in = guard_new(DATAGRAM_MAX),
        .out = guard_new(DATAGRAM_MAX),
        .keys = {keys_of(&client), keys_of(&server)},
        .original = client.key_dcid,
        .random = 0x9e3779b97f4a7c15,
    };
}

static void rig_free(struct rig *rig)
{
    guard_free(&rig->in);
    guard_free(&rig->out);
}

/* xorshift64: the same mutations in every run */
static size_t random_below(struct rig *rig, size_t limit)
{
    rig->random ^= rig->random << 13;
    rig->random ^= rig->random >> 7;
    rig->random ^= rig->random << 17;
    return (size_t)(rig->random % limit);
}

static bool inside(struct qw_bytes part, struct qw_bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
                             part.data - whole.data <= (ptrdiff_t)(whole.len - part.len));
}

static void read_packet(struct rig *rig, const struct quic_packet *packet, struct qw_bytes datagram)
{
    struct qw_bytes whole = packet->packet;
    rig->packets++;
    rig->beyond += !inside(whole, datagram) || whole.len == 0 || !inside(packet->dcid, whole) ||
                   !inside(packet->scid, whole) || !inside(packet->token, whole) ||
                   packet->pn_offset > whole.len;
    uint8_t *buffer = guard_last(&rig->out, whole.len);
    for (size_t i = 0; i < COUNT(rig->keys); i++) {
        struct quic_opened opened;
        if (quic_initial_open(crypto(), &rig->keys[i], packet, -1, buffer, whole.len, &opened) != QW_OK)
            continue;
        rig->opened++;
        rig->beyond += !inside(opened.frames, bytes(buffer, whole.len));
    }
    rig->verified += quic_retry_verify(crypto(), packet, cid_bytes(&rig->original)) == QW_OK;
}

/* Reads a whole datagram; returns how many packets were in it. */
static size_t read_datagram(struct rig *rig, const uint8_t *data, size_t len)
{
    struct qw_bytes datagram = {guard_copy(&rig->in, data, len), len};
    struct qw_reader r = qw_reader(datagram.data, len);
    struct quic_packet packet;
    size_t packets = 0;
    while (quic_next(&r, &packet) == QW_OK) {
        packets++;
        read_packet(rig, &packet, datagram);
    }
    return packets;
}

/* A server's first flight: Initial, Handshake, 1-RTT. */
static size_t server_flight(uint8_t *out, size_t size)
{
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    initial.from_server = true;
    initial.dcid = cid_of(0);
    initial.scid = cid_hex(VECTOR_SCID);
    initial.pad_to = 150;
    size_t len = test_seal_initial(&initial, out, size);
    len += test_long_header(out + len, size - len, QUIC_VERSION_1, 2, &initial.dcid, &initial.scid, 200);
    memset(out + len, 0x40, 60);
    return len + 60;
}

static void every_cut(void)
{
    struct rig rig = rig_new();
    uint8_t data[DATAGRAM_MAX];
    size_t len = test_hex(VECTORS[0].client_initial, data, sizeof data);
    for (size_t cut = 0; cut < len; cut++)
        CU_ASSERT_EQUAL(read_datagram(&rig, data, cut), 0);
    CU_ASSERT_EQUAL(read_datagram(&rig, data, len), 1);
    len = server_flight(data, sizeof data);
    size_t handshake = len - 60;
    for (size_t cut = 150; cut < len; cut++)
        CU_ASSERT_EQUAL(read_datagram(&rig, data, cut), cut < handshake ? 1 : cut == handshake ? 2 : 3);
    CU_ASSERT_EQUAL(rig.beyond, 0);
    CU_ASSERT_EQUAL(rig.opened, 1 + len - 150); /* the Initial before the cut opens each time */
    rig_free(&rig);
}

/* Changes up to eight bytes, mostly of the headers, and now and then the length. */
static size_t mutate(struct rig *rig, uint8_t *data, size_t len)
{
    for (size_t changes = 1 + random_below(rig, 8); changes > 0; changes--) {
        size_t at = random_below(rig, random_below(rig, 4) ? 40 : len);
        data[at < len ? at : 0] = (uint8_t)random_below(rig, 256);
    }
    return random_below(rig, 4) ? len : random_below(rig, len + 1);
}

static void mutations(void)
{
    struct rig rig = rig_new();
    uint8_t seeds[3][DATAGRAM_MAX], data[DATAGRAM_MAX];
    size_t lens[] = {test_hex(VECTORS[0].client_initial, seeds[0], DATAGRAM_MAX),
                     server_flight(seeds[1], DATAGRAM_MAX),
                     test_hex(VECTORS[0].retry, seeds[2], DATAGRAM_MAX)};
    for (unsigned long i = 0; i < MUTATIONS; i++) {
        size_t seed = i % COUNT(lens);
        memcpy(data, seeds[seed], lens[seed]);
        read_datagram(&rig, data, mutate(&rig, data, lens[seed]));
    }
    CU_ASSERT_EQUAL(rig.beyond, 0);
    CU_ASSERT(rig.packets > MUTATIONS / 10); /* they still reach the code behind the headers */
    CU_ASSERT(rig.opened < MUTATIONS / 10);  /* only where the change fell behind the Initial */
    CU_ASSERT(rig.verified < MUTATIONS / 1000);
    rig_free(&rig);
}

static void noise(void)
{
    struct rig rig = rig_new();
    uint8_t data[100];
    for (unsigned long i = 0; i < MUTATIONS; i++) {
        size_t len = random_below(&rig, sizeof data + 1);
        for (size_t at = 0; at < len; at++)
            data[at] = (uint8_t)random_below(&rig, 256);
        read_datagram(&rig, data, len);
    }
    CU_ASSERT_EQUAL(rig.beyond, 0);
    CU_ASSERT_EQUAL(rig.opened, 0);
    CU_ASSERT_EQUAL(rig.verified, 0);
    rig_free(&rig);
}

static const struct test TESTS[] = {
    {"W2, S7: every cut of a datagram", every_cut},
    {"W3, S7: 200,000 changed datagrams", mutations},
    {"W7, S7: 200,000 datagrams of noise", noise},
};

void hostile_suite(void)
{
    TEST_SUITE("quic: hostile datagrams", TESTS);
}
