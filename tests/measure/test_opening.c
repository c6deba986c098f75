/* Handshakes with known halves: MEASURE of long headers. */
#include "suite.h"
#include "suites.h"
#include <quicward/measure.h>
#include <quicward/quic.h>
#include <string.h>

#define CLIENT 0
#define SERVER 1
#define BODY 30

enum type { INITIAL, EARLY, HANDSHAKE, RETRY };

/* Connection IDs of 8 bytes, told apart by their last. */
enum { FIRST = 1, MINE, YOURS, RETRIED, OTHER, EMPTY = -1 };

struct talk {
    struct measure measure;
    uint32_t version;
    uint8_t bytes[512];
    size_t len;
    uint32_t start; /* of the observer's clock */
};

static void put(struct talk *talk, uint64_t value, unsigned len)
{
    for (unsigned i = len; i-- > 0;)
        talk->bytes[talk->len++] = (uint8_t)(value >> 8 * i);
}

static void put_cid(struct talk *talk, int cid)
{
    put(talk, cid == EMPTY ? 0 : 8, 1);
    if (cid != EMPTY)
        put(talk, 0x1122334455667700u + (unsigned)cid, 8);
}

static void add(struct talk *talk, enum type type, int dcid, int scid)
{
    unsigned bits = talk->version == QUIC_VERSION_2 ? (type + 1u) % 4 : type;
    put(talk, 0xc0 | bits << 4, 1);
    put(talk, talk->version, 4);
    put_cid(talk, dcid);
    put_cid(talk, scid);
    if (type == INITIAL)
        put(talk, 0, 1);
    if (type != RETRY)
        put(talk, BODY, 1);
    put(talk, 0, BODY > 8 ? 8 : BODY);
    memset(talk->bytes + talk->len, 0x55, BODY - 8);
    talk->len += BODY - 8;
}

static void say_fresh(struct talk *talk, unsigned sender, uint32_t ms, bool fresh)
{
    measure_datagram(&talk->measure, sender, (struct qw_bytes){talk->bytes, talk->len}, fresh,
                     talk->start + ms * 1000);
    talk->len = 0;
}

static void say(struct talk *talk, unsigned sender, uint32_t ms)
{
    say_fresh(talk, sender, ms, false);
}

static void one(struct talk *talk, unsigned sender, uint32_t ms, enum type type, int dcid, int scid)
{
    add(talk, type, dcid, scid);
    say(talk, sender, ms);
}

static void short_header(struct talk *talk, unsigned sender, uint32_t ms, uint8_t first)
{
    put(talk, first, 1);
    put(talk, 0, 8);
    put(talk, 0, 8);
    put(talk, 0, 8);
    say(talk, sender, ms);
}

static struct measure_report report(const struct talk *talk)
{
    struct measure_report out;
    measure_report(&talk->measure, talk->start + 10000000, &out);
    return out;
}

static void expect(const struct talk *talk, uint32_t client_ms, uint32_t server_ms, bool exact)
{
    struct measure_report out = report(talk);
    CU_ASSERT_EQUAL(out.client_us, client_ms * 1000);
    CU_ASSERT_EQUAL(out.server_us, server_ms * 1000);
    CU_ASSERT_EQUAL(out.handshake_us, client_ms && server_ms ? (client_ms + server_ms) * 1000 : 0);
    CU_ASSERT_EQUAL(out.exact, exact);
}

static struct talk talk_in(uint32_t version)
{
    return (struct talk){.version = version,
                         .start = UINT32_MAX - 20000}; /* the clock comes round meanwhile */
}

static void plain(struct talk *talk)
{
    one(talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(talk, SERVER, 80, INITIAL, MINE, YOURS);
    one(talk, CLIENT, 100, HANDSHAKE, YOURS, MINE);
}

static void each_version(void)
{
    static const uint32_t VERSIONS[] = {QUIC_VERSION_1, QUIC_VERSION_2};
    for (unsigned i = 0; i < 2; i++) {
        struct talk talk = talk_in(VERSIONS[i]);
        plain(&talk);
        expect(&talk, 20, 80, true);
    }
}

static void the_client_may_be_either_side(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, 1, 0, INITIAL, FIRST, MINE);
    one(&talk, 0, 80, INITIAL, MINE, YOURS);
    one(&talk, 1, 100, INITIAL, YOURS, MINE);
    expect(&talk, 20, 80, true);
}

static void unknown_versions(void)
{
    struct talk talk = talk_in(0x709a50c4);
    plain(&talk);
    short_header(&talk, CLIENT, 100, 0x60);
    expect(&talk, 0, 0, true);
    CU_ASSERT_EQUAL(measure_phase(&talk.measure), MEASURE_NOTHING);
}

static void empty_cids(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, EMPTY);
    one(&talk, SERVER, 30, INITIAL, EMPTY, EMPTY);
    one(&talk, CLIENT, 35, INITIAL, EMPTY, EMPTY);
    expect(&talk, 5, 30, true);
}

static void retry(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 10, RETRY, MINE, RETRIED);
    one(&talk, CLIENT, 160, INITIAL, RETRIED, MINE);
    one(&talk, SERVER, 175, INITIAL, MINE, YOURS); /* it had to sign meanwhile */
    one(&talk, CLIENT, 328, HANDSHAKE, YOURS, MINE);
    expect(&talk, 150, 10, true);
}

static void second_retry(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 10, RETRY, MINE, RETRIED);
    one(&talk, CLIENT, 160, INITIAL, RETRIED, MINE);
    one(&talk, SERVER, 161, RETRY, MINE, OTHER); /* late, of the first Initial: no answer to this one */
    one(&talk, SERVER, 172, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 322, HANDSHAKE, YOURS, MINE);
    expect(&talk, 150, 10, true);
}

static void negotiation(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    talk.version = QUIC_VERSION_NEGOTIATION;
    one(&talk, SERVER, 30, INITIAL, MINE, FIRST);
    one(&talk, SERVER, 31, INITIAL, MINE, FIRST); /* of a second datagram */
    talk.version = QUIC_VERSION_2;
    one(&talk, CLIENT, 50, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 90, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 110, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 30, true);
}

static void hello_in_pieces(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, CLIENT, 3, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 83, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 103, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 80, true);
}

static void early_data(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, EARLY, FIRST, MINE);
    CU_ASSERT_EQUAL(measure_phase(&talk.measure), MEASURE_NOTHING);
    add(&talk, EARLY, FIRST, MINE);
    add(&talk, INITIAL, FIRST, MINE);
    say(&talk, CLIENT, 10);
    one(&talk, CLIENT, 40, EARLY, FIRST, MINE);
    one(&talk, SERVER, 90, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 91, EARLY, FIRST, MINE);
    one(&talk, CLIENT, 110, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 80, true);
}

static void coalesced(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    add(&talk, INITIAL, MINE, YOURS);
    add(&talk, HANDSHAKE, MINE, YOURS);
    say(&talk, SERVER, 80);
    add(&talk, INITIAL, YOURS, MINE);
    add(&talk, HANDSHAKE, YOURS, MINE);
    say(&talk, CLIENT, 100);
    expect(&talk, 20, 80, true);
}

/* Lost before the observer or behind it: nobody can tell which of the Initials was answered. */
static void client_again(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, CLIENT, 200, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 280, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 300, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 280, false);
}

static void crossing(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 85, INITIAL, FIRST, MINE); /* sent before it heard the server */
    one(&talk, CLIENT, 280, HANDSHAKE, YOURS, MINE);
    expect(&talk, 200, 80, true);
}

static void server_again(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    one(&talk, SERVER, 83, INITIAL, MINE, YOURS); /* the same flight */
    one(&talk, SERVER, 280, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 300, HANDSHAKE, YOURS, MINE);
    expect(&talk, 220, 80, false);
}

/* A server that takes the client's first DCID for its own: an Initial sent again would look like an answer.
 */
static void weak_echo(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, FIRST);
    one(&talk, CLIENT, 81, INITIAL, FIRST, MINE);
    one(&talk, CLIENT, 100, HANDSHAKE, FIRST, MINE);
    expect(&talk, 20, 80, true);
}

/* It went over to a connection ID that was issued under encryption. */
static void hidden_cid(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 100, HANDSHAKE, OTHER, MINE);
    expect(&talk, 20, 80, true);
}

static void others_answer(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 1, INITIAL, OTHER, YOURS); /* to nobody here */
    one(&talk, SERVER, 2, HANDSHAKE, OTHER, YOURS);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 100, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 80, true);
}

/* The server's Initial was lost before the observer, and its Handshake packet is an answer too. */
static void handshake_alone(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, HANDSHAKE, MINE, YOURS);
    one(&talk, SERVER, 81, INITIAL, MINE, YOURS); /* reordered */
    one(&talk, CLIENT, 100, HANDSHAKE, YOURS, MINE);
    expect(&talk, 20, 80, true);
}

static void halves_alone(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    expect(&talk, 0, 80, true);
    short_header(&talk, SERVER, 81, 0x40);
}

/* Its Handshake packets were lost before the observer. */
static void short_alone(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 80, INITIAL, MINE, YOURS);
    short_header(&talk, CLIENT, 100, 0x60);
    expect(&talk, 20, 80, false);
    CU_ASSERT_EQUAL(measure_phase(&talk.measure), MEASURE_SPIN);
}

/* Both first answers were lost behind the observer: the spin bit tells which of the sendings counts. */
static void both_again(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    one(&talk, CLIENT, 0, INITIAL, FIRST, MINE);
    one(&talk, CLIENT, 1000, INITIAL, FIRST, MINE);
    one(&talk, SERVER, 1080, INITIAL, MINE, YOURS);
    one(&talk, SERVER, 1300, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 1350, INITIAL, YOURS, MINE); /* its own timer made it speak */
    one(&talk, SERVER, 1430, INITIAL, MINE, YOURS);
    one(&talk, CLIENT, 1450, HANDSHAKE, YOURS, MINE);
    expect(&talk, 270, 1080, false);
    for (uint32_t i = 0; i < 20; i++) { /* edges alone */
        measure_spin(&talk.measure, CLIENT, i % 2, talk.start + 2000000 + i * 100000);
        measure_spin(&talk.measure, SERVER, i % 2, talk.start + 2080000 + i * 100000);
    }
    struct measure_report out = report(&talk);
    CU_ASSERT(out.client_us >= 20000 && out.client_us < 24000); /* an upper bound, to a step */
    CU_ASSERT(out.server_us >= 80000 && out.server_us < 96000);
    CU_ASSERT(!out.exact);
    CU_ASSERT_EQUAL(out.spin.confidence, MEASURE_MEDIUM);
    CU_ASSERT_EQUAL(out.spin.rtt_us, 100000);
}

static void every_cut(void)
{
    struct talk whole = talk_in(QUIC_VERSION_1);
    add(&whole, INITIAL, FIRST, MINE);
    for (size_t len = 0; len <= whole.len; len++) {
        struct talk talk = talk_in(QUIC_VERSION_1);
        memcpy(talk.bytes, whole.bytes, len);
        talk.len = len;
        say(&talk, CLIENT, 0);
        bool header = len >= 1 + 4 + 2 * 9;
        CU_ASSERT_EQUAL(measure_phase(&talk.measure), header ? MEASURE_ASKED : MEASURE_NOTHING);
    }
}

static void again_on_the_flow(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    plain(&talk);
    one(&talk, CLIENT, 101, INITIAL, YOURS, MINE); /* an ACK */
    one(&talk, SERVER, 102, INITIAL, MINE, YOURS);
    expect(&talk, 20, 80, true);
    add(&talk, INITIAL, OTHER, MINE);
    say_fresh(&talk, CLIENT, 1000, true);
    expect(&talk, 0, 0, true);
    one(&talk, SERVER, 1040, INITIAL, MINE, RETRIED);
    one(&talk, CLIENT, 1050, HANDSHAKE, RETRIED, MINE);
    expect(&talk, 10, 40, true);
}

static void ect1_stays(void)
{
    struct talk talk = talk_in(QUIC_VERSION_1);
    talk.measure.ect1[0] = 7;
    talk.measure.ect1[1] = 8;
    plain(&talk);
    measure_join(&talk.measure, 1);
    CU_ASSERT(talk.measure.ect1[0] == 7 && talk.measure.ect1[1] == 8);
    expect(&talk, 0, 0, true);
}

void suite_opening(void)
{
    static const struct test TESTS[] = {
        {"O1: v1 and v2, while the clock comes round", each_version},
        {"O1: the client may be either side", the_client_may_be_either_side},
        {"O1: a version not known gives nothing", unknown_versions},
        {"O1: connection IDs without a byte", empty_cids},
        {"O1: a Retry is answered without computing", retry},
        {"O1: a Retry that comes late is no answer", second_retry},
        {"O1: Version Negotiation counts once", negotiation},
        {"O1: a ClientHello in two datagrams starts with the later", hello_in_pieces},
        {"O1: 0-RTT starts nothing and hides nothing", early_data},
        {"O1: a datagram with several packets counts once", coalesced},
        {"O1: client Initials sent again give an upper bound", client_again},
        {"O1: an Initial that crosses the answer is no answer", crossing},
        {"O1: a server flight sent again gives an upper bound", server_again},
        {"O1: a server that uses the client's DCID", weak_echo},
        {"O1: a client that goes over to a hidden connection ID", hidden_cid},
        {"O1: answers to others are none", others_answer},
        {"O1: the server's Handshake packet answers too", handshake_alone},
        {"O1: one half alone is no sum", halves_alone},
        {"O1: a short header alone gives an upper bound", short_alone},
        {"O1: of two possible halves the spin bit's is told", both_again},
        {"O1: datagrams cut anywhere", every_cut},
        {"O1: a new connection on the flow begins anew, an ACK does not", again_on_the_flow},
        {"O3: ECT(1) is counted over connections", ect1_stays},
    };
    TEST_SUITE("measure: handshake", TESTS);
}
