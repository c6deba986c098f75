/* Machines that send at random what somebody who sees no packets can send, against the answers that a real
 * peer gives (C8), and beside a real handshake (F5). */
#include "random.h"
#include "suite.h"
#include "talk.h"
#include <string.h>

#define STEPS 120
#define RUNS 8
#define ATTEMPTS 6 /* that one forger begins */

static unsigned pick(uint64_t *random, unsigned count)
{
    return (unsigned)(test_random(random) % count);
}

/* ---- a forger that sends in a client's name, to a server that answers ---- */

struct server {
    uint32_t version;
    uint8_t cid_len;
    bool keeps_dcid; /* its CID is the client's DCID */
    bool early;      /* sends 0.5-RTT data behind its first packets, and again when it repeats them */
};

struct forger {
    struct talk talk;
    const struct server *server;
    struct names begun[ATTEMPTS];
    unsigned count;
    uint8_t client_cid_len;
    uint64_t random;
};

/* One burst: nobody who sees nothing gets a packet in between. */
static void answer(struct forger *f, const struct names *n)
{
    if (f->server->version == DRAFT)
        long_header(&f->talk, FLOW_HI, DRAFT, 0, &n->client_scid, &n->server_scid);
    else {
        server_initial(&f->talk, n);
        server_handshake(&f->talk, n);
    }
    if (f->server->early)
        server_short(&f->talk, n);
}

static void begin(struct forger *f)
{
    const struct server *server = f->server;
    if (f->count == ATTEMPTS)
        return;
    struct names *n = &f->begun[f->count];
    *n = (struct names){server->version, FLOW_LO, cid(8, (uint8_t)(0xd0 + f->count)),
                        cid(f->client_cid_len, 0xc1), cid(server->cid_len, (uint8_t)(0x50 + f->count))};
    if (server->keeps_dcid)
        n->server_scid = n->first_dcid;
    f->count++;
    if (server->version == DRAFT)
        long_header(&f->talk, FLOW_LO, DRAFT, 0, &n->first_dcid, &n->client_scid);
    else
        client_initial(&f->talk, n);
    answer(f, n);
}

/* A server CID that can be guessed is guessed right; another one never is. */
static struct names guess(struct forger *f)
{
    struct names n = f->begun[pick(&f->random, f->count)];
    if (f->server->cid_len >= 4 && !f->server->keeps_dcid)
        n.server_scid = cid((uint8_t)pick(&f->random, 21), 0xee);
    else if (pick(&f->random, 3) == 0)
        n.server_scid = n.first_dcid;
    return n;
}

/* A Handshake packet, or the long header of another version, with a short header behind it. */
static void coalesced(struct forger *f, const struct names *n)
{
    uint8_t out[400] = {0};
    size_t len = test_long_header(out, sizeof out, n->version, n->version == V2 ? 3 : 2, &n->server_scid,
                                  &n->client_scid, 60);
    out[len] = 0x40;
    memcpy(out + len + 1, n->server_scid.bytes, n->server_scid.len);
    datagram(&f->talk, FLOW_LO, out, len + 60);
}

static void forge(struct forger *f)
{
    struct names n = guess(f), v1 = n;
    if (n.version == DRAFT)
        v1.version = V1;
    switch (pick(&f->random, 9)) {
    case 0:
        begin(f);
        break;
    case 1:
        client_initial_half(&f->talk, &v1);
        break;
    case 2:
        zero_rtt(&f->talk, &n);
        break;
    case 3:
        client_initial_again(&f->talk, &v1);
        break;
    case 4:
        coalesced(f, &n);
        break;
    case 5: /* the server's probe timeout (RFC 9002 6.2) */
        answer(f, &f->begun[pick(&f->random, f->count)]);
        break;
    case 6:
        client_handshake(&f->talk, &n);
        break;
    default:
        client_short(&f->talk, &n);
    }
}

static void play_client(const struct server *server, uint8_t client_cid_len, uint64_t seed)
{
    struct forger f = {
        .talk = talk_start(), .server = server, .client_cid_len = client_cid_len, .random = seed};
    begin(&f);
    for (int i = 0; i < STEPS; i++) {
        forge(&f);
        CU_ASSERT_NOT_EQUAL(f.talk.view.state, FLOW_CONFIRMED);
        if (f.talk.view.state == FLOW_CONFIRMED)
            break;
    }
    talk_end(&f.talk);
}

static void blind_clients(void)
{
    static const uint8_t CID_LENS[] = {0, 1, 3, 4, 8, 20};
    static const uint32_t VERSIONS[] = {V1, V2, DRAFT};
    for (unsigned v = 0; v < 3; v++)
        for (unsigned l = 0; l < sizeof CID_LENS; l++)
            for (unsigned kind = 0; kind < 8; kind++) {
                struct server server = {VERSIONS[v], CID_LENS[l], kind & 1, kind & 2};
                for (uint64_t seed = 1; seed <= RUNS; seed++)
                    play_client(&server, kind & 4 ? 5 : 0, seed);
            }
}

/* ---- a forger that sends in a server's name, to a client that waits ---- */

static void forged_long(struct talk *t, uint64_t *random, const struct names *n)
{
    static const uint32_t VERSIONS[] = {V1, V2, DRAFT, 0xff00001d, 0xfaceb002, 0};
    struct test_cid scid = cid((uint8_t)pick(random, 21), 0xef);
    long_header(t, FLOW_HI, VERSIONS[pick(random, 6)], pick(random, 4), &n->client_scid, &scid);
}

/* It guesses the client's CID when that is empty. */
static void forge_server(struct talk *t, uint64_t *random, const struct names *real)
{
    struct names n = *real;
    struct test_cid retry_scid = cid(8, 0xee);
    if (n.client_scid.len > 0)
        n.client_scid = cid((uint8_t)pick(random, 21), 0xee);
    n.first_dcid = cid((uint8_t)(8 + pick(random, 13)), 0xee);
    n.server_scid = cid((uint8_t)pick(random, 21), 0xef);
    if (n.version == DRAFT)
        n.version = V1;
    switch (pick(random, 5)) {
    case 0:
        server_initial(t, &n);
        break;
    case 1:
        retry(t, &n, &retry_scid, 0, 40);
        break;
    case 2:
        server_short(t, &n);
        break;
    case 3:
        server_handshake(t, &n);
        break;
    default:
        forged_long(t, random, &n);
    }
}

static void first_again(struct talk *t, uint64_t *random, const struct names *n)
{
    if (n->version == DRAFT)
        long_header(t, FLOW_LO, DRAFT, 0, &n->first_dcid, &n->client_scid);
    else if (pick(random, 3) == 0)
        zero_rtt(t, n);
    else
        client_initial(t, n);
}

static void end_handshake(struct talk *t, const struct names *n)
{
    if (n->version == DRAFT) {
        long_header(t, FLOW_HI, DRAFT, 0, &n->client_scid, &n->server_scid);
        long_header(t, FLOW_LO, DRAFT, 2, &n->server_scid, &n->client_scid);
    } else {
        server_initial(t, n);
        client_handshake(t, n);
    }
    client_short(t, n);
    if (n->version != DRAFT)
        return;
    server_short(t, n); /* where forgers took all places nothing else tells */
    client_short(t, n);
}

static void play_server(uint32_t version, uint8_t client_cid_len, uint64_t seed)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    uint64_t random = seed;
    n.version = version;
    n.client_scid = cid(client_cid_len, 0xc1);
    first_again(&t, &random, &n);
    for (int i = 0; i < STEPS; i++) {
        if (pick(&random, 3) == 0)
            first_again(&t, &random, &n);
        else
            forge_server(&t, &random, &n);
        CU_ASSERT_TRUE(t.view.state <= FLOW_INITIAL);
    }
    first_again(&t, &random, &n);
    end_handshake(&t, &n);
    CU_ASSERT_EQUAL(t.view.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.version, version);
    CU_ASSERT_EQUAL(t.view.client, FLOW_LO);
    talk_end(&t);
}

static void blind_servers(void)
{
    static const uint32_t VERSIONS[] = {V1, V2, DRAFT};
    for (unsigned v = 0; v < 3; v++)
        for (uint64_t seed = 1; seed <= RUNS; seed++) {
            play_server(VERSIONS[v], 0, seed);
            play_server(VERSIONS[v], 5, seed);
        }
}

/* ---- one side that knows everything, and a peer that says nothing ---- */

static void one_side(void)
{
    uint64_t random = 5;
    for (int run = 0; run < RUNS; run++) {
        struct forger f = {.talk = talk_start()};
        struct names n = plain_names();
        n.version = run % 3 == 0 ? V1 : run % 3 == 1 ? V2 : DRAFT;
        for (int i = 0; i < STEPS; i++) {
            switch (pick(&random, 4)) {
            case 0:
                first_again(&f.talk, &random, &n);
                break;
            case 1:
                coalesced(&f, &n);
                break;
            case 2:
                client_handshake(&f.talk, &n);
                break;
            default:
                client_short(&f.talk, &n);
            }
            CU_ASSERT_TRUE(f.talk.view.state <= FLOW_INITIAL);
        }
        talk_end(&f.talk);
    }
}

/* Zeros behind a datagram's last packet are no short header (RFC 9000 12.2 knows no such padding, senders
 * do). */
static void zeros_are_no_short_header(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    n.client_scid = cid(0, 0);
    n.server_scid = cid(0, 0);
    uint8_t out[400] = {0};
    client_initial(&t, &n);
    server_initial(&t, &n);
    client_handshake(&t, &n);
    size_t len = test_long_header(out, sizeof out, V1, 2, &n.client_scid, &n.server_scid, 60);
    datagram(&t, FLOW_HI, out, len + 100);
    client_short(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_REPLIED);
    out[len] = 0x40;
    datagram(&t, FLOW_HI, out, len + 100);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

void suite_blind(void)
{
    static const struct test TESTS[] = {
        {"C8: blind clients at random, 144 kinds of servers and clients, with 0.5-RTT data too",
         blind_clients},
        {"C8 F5: blind servers at random neither count nor hinder the real one", blind_servers},
        {"C8: one side alone, at random", one_side},
        {"C8: zeros behind a packet are no short header", zeros_are_no_short_header},
    };
    TEST_SUITE("blind", TESTS);
}
