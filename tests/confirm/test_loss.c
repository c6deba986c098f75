/* Handshakes of many shapes over a link that loses datagrams before they reach us: whatever was lost comes
 * again, and in the end the flow is confirmed (C1). Each single transmission and each pair of them is lost
 * once; random runs lose more, and bring datagrams late and twice. */
#include "random.h"
#include "suite.h"
#include "talk.h"
#include <string.h>

#define TOKEN_LEN 40
#define ITEMS_MAX 12

enum packet {
    C_INITIAL,
    C_INITIAL_HALF,
    C_INITIAL_ACK,
    C_ZERO_RTT,
    C_FOLLOW, /* whichever Retry the client got first */
    C_FOLLOW_HALF,
    C_HANDSHAKE,
    C_SHORT,
    C_LONG_FIRST, /* of an unknown version */
    C_LONG,
    S_RETRY_1,
    S_RETRY_2,
    S_INITIAL_FIRST_VERSION,
    S_INITIAL,
    S_HANDSHAKE,
    S_LONG,
    S_SHORT
};

struct item {
    enum packet packet;
    unsigned all, any; /* items that its sender received before, as bits; `any`: one of them, if not 0 */
};

#define AFTER(n) (1u << (n))

struct shape {
    const char *name;
    struct names names; /* as the client begins */
    uint32_t version;   /* that the server chooses; 0: the client's */
    bool hidden;        /* the client moves to a CID issued under encryption at once */
    unsigned count;
    struct item items[ITEMS_MAX];
};

/* What both ends know while a shape is played. */
struct play {
    const struct shape *shape;
    struct talk talk;
    struct names first, now,
        moved;    /* before and after Retry and version change; `moved`: what the client sends to */
    int followed; /* Retry, -1: none */
    struct test_cid retry_scid[2];
    unsigned delivered; /* items that reached us, and so their receiver */
};

static void follow(struct play *p, uint64_t number)
{
    p->now.first_dcid = p->retry_scid[p->followed];
    follow_retry(&p->talk, &p->first, &p->retry_scid[p->followed], (uint8_t)p->followed, TOKEN_LEN, number);
}

static void get_retry(struct play *p, int which)
{
    retry(&p->talk, &p->first, &p->retry_scid[which], (uint8_t)which, TOKEN_LEN);
    if (p->followed < 0)
        p->followed = which;
}

static void send_client(struct play *p, enum packet packet)
{
    const struct names *n = &p->moved;
    switch (packet) {
    case C_INITIAL:
        client_initial(&p->talk, &p->first);
        break;
    case C_INITIAL_HALF:
        client_initial_half(&p->talk, &p->first);
        break;
    case C_INITIAL_ACK:
        client_initial_again(&p->talk, &(struct names){n->version, n->client, p->now.first_dcid,
                                                       n->client_scid, n->server_scid});
        break;
    case C_ZERO_RTT:
        zero_rtt(&p->talk, &p->first);
        break;
    case C_FOLLOW:
        follow(p, 2);
        break;
    case C_FOLLOW_HALF:
        follow(p, 3);
        break;
    case C_HANDSHAKE:
        client_handshake(&p->talk, n);
        break;
    case C_LONG_FIRST:
        long_header(&p->talk, n->client, p->first.version, 0, &p->first.first_dcid, &n->client_scid);
        break;
    case C_LONG:
        long_header(&p->talk, n->client, n->version, 2, &n->server_scid, &n->client_scid);
        break;
    default:
        client_short(&p->talk, n);
    }
}

static void send_server(struct play *p, enum packet packet)
{
    struct names old = p->now;
    old.version = p->first.version;
    switch (packet) {
    case S_RETRY_1:
    case S_RETRY_2:
        get_retry(p, packet == S_RETRY_2);
        break;
    case S_INITIAL_FIRST_VERSION:
        server_initial(&p->talk, &old);
        break;
    case S_INITIAL:
        server_initial(&p->talk, &p->now);
        break;
    case S_HANDSHAKE:
        server_handshake(&p->talk, &p->now);
        break;
    case S_LONG:
        long_header(&p->talk, flow_peer(p->now.client), p->now.version, 2, &p->now.client_scid,
                    &p->now.server_scid);
        break;
    default:
        server_short(&p->talk, &p->now);
    }
}

static struct play play_start(const struct shape *shape)
{
    struct play p = {.shape = shape, .talk = talk_start(), .first = shape->names, .now = shape->names};
    if (shape->version)
        p.now.version = shape->version;
    p.moved = p.now;
    if (shape->hidden)
        p.moved.server_scid = cid(8, 0xa8);
    p.followed = -1;
    p.retry_scid[0] = cid(4, 0x91);
    p.retry_scid[1] = cid(4, 0x92);
    return p;
}

static bool ready(const struct play *p, unsigned i)
{
    const struct item *item = &p->shape->items[i];
    return (p->delivered & item->all) == item->all && (item->any == 0 || (p->delivered & item->any) != 0);
}

static void deliver(struct play *p, unsigned i)
{
    enum packet packet = p->shape->items[i].packet;
    if (packet >= S_RETRY_1)
        send_server(p, packet);
    else
        send_client(p, packet);
    p->delivered |= AFTER(i);
}

static bool is_over(const struct play *p)
{
    return p->delivered == AFTER(p->shape->count) - 1;
}

/* RFC 9000 13.2.1: such a packet is never sent again. */
static bool only_acknowledges(enum packet packet)
{
    return packet == C_INITIAL_ACK || packet == S_INITIAL_FIRST_VERSION;
}

/* Loses transmissions number `a` and `b`. Returns how many there were. */
static unsigned play_losing(const struct shape *shape, unsigned a, unsigned b)
{
    struct play p = play_start(shape);
    unsigned sent = 0;
    while (!is_over(&p))
        for (unsigned i = 0; i < shape->count; i++) {
            if (p.delivered & AFTER(i) || !ready(&p, i))
                continue;
            if (sent != a && sent != b)
                deliver(&p, i);
            else if (only_acknowledges(shape->items[i].packet))
                p.delivered |= AFTER(i);
            sent++;
        }
    if (p.talk.view.state != FLOW_CONFIRMED)
        printf("%s without %u and %u: state %d\n", shape->name, a, b, (int)p.talk.view.state);
    CU_ASSERT_EQUAL(p.talk.view.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(p.talk.view.client, shape->names.client);
    CU_ASSERT_EQUAL(p.talk.view.version, p.now.version);
    talk_end(&p.talk);
    return sent;
}

/* In random order, a third lost, some twice. */
static void play_random(const struct shape *shape, uint64_t *random)
{
    struct play p = play_start(shape);
    enum flow_state best = FLOW_ONE_WAY;
    while (!is_over(&p)) {
        unsigned i = (unsigned)(test_random(random) % shape->count);
        bool again = p.delivered & AFTER(i);
        if (!ready(&p, i) || test_random(random) % 3 == 0 || (again && test_random(random) % 4))
            continue;
        deliver(&p, i);
        CU_ASSERT_TRUE(p.talk.view.state >= best);
        best = p.talk.view.state;
    }
    client_short(&p.talk, &p.moved); /* what came last may have been late: the connection goes on */
    server_short(&p.talk, &p.now);
    client_short(&p.talk, &p.moved);
    if (p.talk.view.state != FLOW_CONFIRMED)
        printf("%s in random order: state %d\n", shape->name, (int)p.talk.view.state);
    CU_ASSERT_EQUAL(p.talk.view.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(p.talk.view.version, p.now.version);
    talk_end(&p.talk);
}

static struct names names_of(uint32_t version, uint8_t first, uint8_t client, uint8_t server)
{
    return (struct names){version, FLOW_LO, cid(first, 0xd1), cid(client, 0xc1),
                          cid(server, server == first ? 0xd1 : 0x51)};
}

/* A whole handshake, from the server's first Initial on, that follows items `hello`. */
#define PLAIN(hello, at)                                                                                     \
    {S_INITIAL, hello, 0}, {S_HANDSHAKE, hello, 0}, {C_INITIAL_ACK, AFTER(at), 0},                           \
        {C_HANDSHAKE, AFTER(at) | AFTER(at + 1), 0}, {C_SHORT, AFTER(at) | AFTER(at + 1), 0},                \
    {                                                                                                        \
        S_SHORT, AFTER(at + 3), 0                                                                            \
    }

/* And from there on, where the CIDs prove nothing: the client acknowledges, as curl's does, in a Handshake
 * packet. */
#define RETURNED(at)                                                                                         \
    {                                                                                                        \
        C_HANDSHAKE, AFTER(at) | AFTER(at - 1), 0                                                            \
    }

/* Versions that are not known here. */
#define OTHER(hello, at)                                                                                     \
    {S_LONG, hello, 0}, {C_LONG, AFTER(at), 0}, {C_SHORT, AFTER(at), 0},                                     \
        {S_SHORT, AFTER(at + 1) | AFTER(at + 2), 0},                                                         \
    {                                                                                                        \
        C_SHORT, AFTER(at + 3), 0                                                                            \
    }

#define SHAPES 20

static unsigned shapes(struct shape out[SHAPES])
{
    const struct shape all[] = {
        {"v1", names_of(V1, 8, 5, 6), 0, false, 7, {{C_INITIAL, 0, 0}, PLAIN(1, 1)}},
        {"v2", names_of(V2, 8, 5, 6), 0, false, 7, {{C_INITIAL, 0, 0}, PLAIN(1, 1)}},
        {"split",
         names_of(V1, 8, 5, 6),
         0,
         false,
         8,
         {{C_INITIAL, 0, 0}, {C_INITIAL_HALF, 0, 0}, PLAIN(3, 2)}},
        {"early data",
         names_of(V1, 8, 5, 6),
         0,
         false,
         8,
         {{C_INITIAL, 0, 0}, {C_ZERO_RTT, 0, 0}, PLAIN(1, 2)}},
        {"empty client CID", names_of(V1, 8, 0, 6), 0, false, 7, {{C_INITIAL, 0, 0}, PLAIN(1, 1)}},
        {"v1 to v2",
         names_of(V1, 8, 5, 6),
         V2,
         false,
         8,
         {{C_INITIAL, 0, 0}, {S_INITIAL_FIRST_VERSION, 1, 0}, PLAIN(1, 2)}},
        {"v1 to v2, empty client CID",
         names_of(V1, 8, 0, 6),
         V2,
         false,
         8,
         {{C_INITIAL, 0, 0}, {S_INITIAL_FIRST_VERSION, 1, 0}, PLAIN(1, 2)}},
        {"Retry",
         names_of(V1, 8, 5, 6),
         0,
         false,
         9,
         {{C_INITIAL, 0, 0}, {S_RETRY_1, 1, 0}, {C_FOLLOW, 2, 0}, PLAIN(4, 3)}},
        {"two Retries",
         names_of(V1, 20, 0, 4),
         0,
         false,
         12,
         {{C_INITIAL, 0, 0},
          {C_INITIAL_HALF, 0, 0},
          {S_RETRY_1, 1, 0},
          {S_RETRY_2, 2, 0},
          {C_FOLLOW, 0, 12},
          {C_FOLLOW_HALF, 0, 12},
          PLAIN(AFTER(4) | AFTER(5), 6)}},
        {"hidden CID", names_of(V1, 8, 0, 4), 0, true, 8, {{C_INITIAL, 0, 0}, PLAIN(1, 1), RETURNED(6)}},
        {"hidden CID, v2", names_of(V2, 8, 5, 4), 0, true, 8, {{C_INITIAL, 0, 0}, PLAIN(1, 1), RETURNED(6)}},
        {"empty server CID",
         names_of(V1, 8, 0, 0),
         0,
         false,
         8,
         {{C_INITIAL, 0, 0}, PLAIN(1, 1), RETURNED(6)}},
        {"server CID is the client's DCID",
         names_of(V1, 8, 5, 8),
         0,
         false,
         8,
         {{C_INITIAL, 0, 0}, PLAIN(1, 1), RETURNED(6)}},
        {"another version", names_of(DRAFT, 8, 5, 6), 0, false, 6, {{C_LONG_FIRST, 0, 0}, OTHER(1, 1)}},
        {"another version, server CID is the client's DCID",
         names_of(DRAFT, 8, 0, 8),
         0,
         false,
         6,
         {{C_LONG_FIRST, 0, 0}, OTHER(1, 1)}},
        {"another version, server CID of 1 byte",
         names_of(DRAFT, 8, 0, 1),
         0,
         false,
         6,
         {{C_LONG_FIRST, 0, 0}, OTHER(1, 1)}},
        {"another version, no CIDs",
         names_of(DRAFT, 8, 0, 0),
         0,
         false,
         6,
         {{C_LONG_FIRST, 0, 0}, OTHER(1, 1)}},
        {"v1 to another version", names_of(V1, 8, 5, 6), DRAFT, false, 6, {{C_INITIAL, 0, 0}, OTHER(1, 1)}},
        {"v1 to another version, empty client CID",
         names_of(V1, 8, 0, 3),
         DRAFT,
         false,
         7,
         {{C_INITIAL, 0, 0}, {S_INITIAL_FIRST_VERSION, 1, 0}, OTHER(1, 2)}},
        {"another version to v1",
         names_of(DRAFT, 8, 0, 6),
         V1,
         false,
         7,
         {{C_LONG_FIRST, 0, 0}, PLAIN(1, 1)}},
    };
    memcpy(out, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static void each_single_and_pair(void)
{
    struct shape all[SHAPES];
    unsigned count = shapes(all);
    for (unsigned s = 0; s < count; s++) {
        unsigned sent = play_losing(&all[s], ~0u, ~0u);
        CU_ASSERT_EQUAL(sent, all[s].count);
        for (unsigned a = 0; a < sent + 2; a++)
            for (unsigned b = a; b < sent + 3; b++)
                play_losing(&all[s], a, b);
    }
}

static void random_runs(void)
{
    struct shape all[SHAPES];
    unsigned count = shapes(all);
    uint64_t random = 11;
    for (unsigned s = 0; s < count; s++)
        for (int i = 0; i < 300; i++)
            play_random(&all[s], &random);
}

/* Every length of every CID, without loss. */
static void every_cid_length(void)
{
    for (uint8_t client = 0; client <= 20; client++)
        for (uint8_t server = 0; server <= 20; server++) {
            struct shape v1 = {"v1", names_of(V1, 8, client, server),
                               0,    false,
                               8,    {{C_INITIAL, 0, 0}, PLAIN(1, 1), RETURNED(6)}};
            struct shape other = {"another version",
                                  names_of(DRAFT, 8, client, server),
                                  0,
                                  false,
                                  6,
                                  {{C_LONG_FIRST, 0, 0}, OTHER(1, 1)}};
            play_losing(&v1, ~0u, ~0u);
            play_losing(&other, ~0u, ~0u);
        }
}

void suite_loss(void)
{
    static const struct test TESTS[] = {
        {"C1 C3 C4 C5 C6: twenty shapes of handshakes, each transmission and each pair lost",
         each_single_and_pair},
        {"C1 C8: the same shapes in any order, a third lost, some twice: never demoted", random_runs},
        {"C1 C6: CIDs of 0 to 20 bytes on both sides", every_cid_length},
    };
    TEST_SUITE("loss", TESTS);
}
