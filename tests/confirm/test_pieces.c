/* What is read of datagrams with many packets and many frames, and behind SCONE packets. */
#include "random.h"
#include "suite.h"
#include "talk.h"
#include <quicward/base/bytes.h>
#include <string.h>

#define MESSAGE_LEN 300

/* CRYPTO frames of one byte each of a message 0, 1, 2, ..., in the order of `offsets`. */
static size_t crypto_frames(uint8_t *out, size_t size, const unsigned *offsets, size_t count)
{
    struct qw_writer w = qw_writer(out, size);
    for (size_t i = 0; i < count; i++) {
        qw_put_u8(&w, 0x06);
        qw_put_varint(&w, offsets[i]);
        qw_put_varint(&w, 1);
        qw_put_u8(&w, (uint8_t)offsets[i]);
    }
    CU_ASSERT_FALSE_FATAL(w.bad);
    return qw_written(&w);
}

static size_t seal(uint8_t *out, size_t size, const uint8_t *frames, size_t len, uint64_t number,
                   size_t pad_to)
{
    struct test_initial what = {
        .version = V1, .key_dcid = cid(8, 0xd1), .dcid = cid(8, 0xd1), .scid = cid(8, 0xc1)};
    what.packet_number = number;
    what.pn_len = 2;
    what.frames = frames;
    what.frames_len = len;
    what.pad_to = pad_to;
    return test_seal_initial(&what, out, size);
}

/* The stream that the pieces of the datagram just read make. */
static size_t whole(const struct talk *t)
{
    const struct confirm_piece *pieces;
    struct quic_stream stream;
    struct quic_chunks *chunks = quic_chunks_new(4);
    size_t count = confirm_pieces(t->reader, &pieces);
    quic_stream_start(&stream);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(quic_stream_add(&stream, chunks, &pieces[i].frame), QW_OK);
    uint8_t read[MESSAGE_LEN + 1];
    size_t ready = quic_stream_ready(&stream);
    CU_ASSERT_TRUE_FATAL(ready <= sizeof read);
    quic_stream_copy(&stream, chunks, read, ready);
    for (size_t i = 0; i < ready; i++)
        CU_ASSERT_EQUAL(read[i], (uint8_t)i);
    quic_chunks_free(chunks);
    return ready;
}

static void shuffle(unsigned *offsets, unsigned count, uint64_t *random)
{
    for (unsigned i = 0; i < count; i++)
        offsets[i] = i;
    for (unsigned i = count; i > 1; i--) {
        unsigned j = (unsigned)(test_random(random) % i), kept = offsets[j];
        offsets[j] = offsets[i - 1];
        offsets[i - 1] = kept;
    }
}

static void many_frames(void)
{
    uint8_t frames[2000], out[2100];
    unsigned offsets[MESSAGE_LEN];
    uint64_t random = 3;
    for (int run = 0; run < 50; run++) {
        struct talk t = talk_start();
        unsigned count = 33 + (unsigned)(test_random(&random) % (MESSAGE_LEN - 33));
        shuffle(offsets, count, &random);
        size_t len = crypto_frames(frames, sizeof frames, offsets, count);
        datagram(&t, FLOW_LO, out, seal(out, sizeof out, frames, len, 0, 1200));
        CU_ASSERT_EQUAL(whole(&t), count);
        talk_end(&t);
    }
}

/* The server's answer, and what a client says behind it, are read too. */
static void many_packets(void)
{
    for (unsigned count = 2; count <= 39; count++) {
        struct talk t = talk_start();
        uint8_t out[3000], frames[20];
        size_t at = 0;
        for (unsigned i = 0; i < count; i++) {
            size_t len = crypto_frames(frames, sizeof frames, &i, 1);
            bool last = i + 1 == count;
            at += seal(out + at, sizeof out - at, frames, len, i, last && at < 1200 ? 1200 - at : 0);
        }
        CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, at), FLOW_INITIAL);
        CU_ASSERT_EQUAL(whole(&t), count);
        CU_ASSERT_EQUAL(t.scratch.in_use, 1);
        talk_end(&t);
    }
}

/* What does not open hides nothing behind it. */
static void behind_bad_packets(void)
{
    struct talk t = talk_start();
    uint8_t out[3000], frames[20];
    unsigned zero = 0;
    size_t at = 0;
    for (unsigned i = 0; i < 20; i++) {
        at += seal(out + at, sizeof out - at, frames, crypto_frames(frames, sizeof frames, &zero, 1), i, 0);
        out[at - 1] ^= 1;
    }
    at += seal(out + at, sizeof out - at, frames, crypto_frames(frames, sizeof frames, &zero, 1), 20, 600);
    CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, at), FLOW_INITIAL);
    CU_ASSERT_EQUAL(whole(&t), 1);
    talk_end(&t);
}

/* ---- tries ---- */

/* A datagram of `count` small Initials of the client, `bad` ones first, all under connection IDs that no
 * attempt has, so that each is tried with whatever keys there are. */
static void strange_datagram(struct talk *t, unsigned count, unsigned bad, bool flip)
{
    uint8_t out[3000], frames[20];
    unsigned zero = 0;
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        struct test_initial what = {.version = flip && i % 2 ? V2 : V1,
                                    .key_dcid = cid(8, 0x77),
                                    .dcid = cid(8, 0x77),
                                    .packet_number = i,
                                    .pn_len = 2,
                                    .frames = frames,
                                    .pad_to = i + 1 == count && at < 1100 ? 1200 - at : 0};
        what.frames_len = crypto_frames(frames, sizeof frames, &zero, 1);
        at += test_seal_initial(&what, out + at, sizeof out - at);
        out[at - 1] ^= i < bad;
    }
    datagram(t, FLOW_LO, out, at);
}

/* Connections of a client without a connection ID of its own, as browsers have none: what it sends under an
 * unknown one may be of any of them. */
static struct talk answered_attempts(unsigned count)
{
    struct talk t = talk_start();
    for (unsigned i = 0; i < count; i++) {
        struct names n = {V1, FLOW_LO, cid(8, (uint8_t)(0x10 + i)), cid(0, 0), cid(6, (uint8_t)(0x50 + i))};
        client_initial(&t, &n);
        CU_ASSERT_EQUAL_FATAL(server_initial(&t, &n), FLOW_REPLIED);
    }
    return t;
}

static void tries_are_bounded(void)
{
    struct talk t = answered_attempts(0);
    strange_datagram(&t, 20, 19, false); /* none to look among: all are read */
    CU_ASSERT_FALSE(t.view.exhausted);
    CU_ASSERT_EQUAL(whole(&t), 1);
    talk_end(&t);
    t = answered_attempts(3);
    strange_datagram(&t, 3, 2, false); /* what a mistake may look like */
    CU_ASSERT_FALSE(t.view.exhausted);
    CU_ASSERT_EQUAL(whole(&t), 1);
    strange_datagram(&t, 20, 19, false);
    CU_ASSERT_TRUE(t.view.exhausted);
    CU_ASSERT_EQUAL(whole(&t), 0);
    strange_datagram(&t, 1, 0, false); /* the next datagram has tries of its own */
    CU_ASSERT_FALSE(t.view.exhausted);
    CU_ASSERT_EQUAL(whole(&t), 1);
    talk_end(&t);
}

/* Packets that open cost no try, whatever comes of them. */
static void what_opens_is_no_try(void)
{
    struct talk t = answered_attempts(0);
    strange_datagram(&t, 20, 0, false);
    CU_ASSERT_FALSE(t.view.exhausted);
    strange_datagram(&t, 20, 0, true); /* keys of both versions, derived once each */
    CU_ASSERT_FALSE(t.view.exhausted);
    talk_end(&t);
}

static size_t scone(uint8_t *out, uint32_t version, const struct test_cid *dcid, const struct test_cid *scid)
{
    struct qw_writer w = qw_writer(out, 60);
    qw_put_u8(&w, 0xff);
    qw_put_u32(&w, version);
    qw_put_u8(&w, dcid->len);
    qw_put(&w, dcid->bytes, dcid->len);
    qw_put_u8(&w, scid->len);
    qw_put(&w, scid->bytes, scid->len);
    return qw_written(&w);
}

static const uint32_t SCONE[] = {0x6f7dc0fd, 0xef7dc0fd};

static size_t with_scone(uint8_t *out, uint32_t version, const struct test_cid *dcid)
{
    uint8_t frames[20];
    unsigned zero = 0;
    struct test_cid client = cid(8, 0xc1);
    size_t at = scone(out, version, dcid, &client);
    return at + seal(out + at, 1500, frames, crypto_frames(frames, sizeof frames, &zero, 1), 0, 1200);
}

/* Its DCID should be the connection's. A server that does not know the packet would not look. */
static void scone_is_read_past(void)
{
    struct test_cid dcids[] = {cid(8, 0xd1), cid(8, 0x77), cid(0, 0)};
    for (unsigned v = 0; v < 2; v++)
        for (unsigned d = 0; d < 3; d++) {
            struct talk t = talk_start();
            uint8_t out[1600], before[1600];
            size_t len = with_scone(out, SCONE[v], &dcids[d]);
            memcpy(before, out, len);
            CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, len), FLOW_INITIAL);
            CU_ASSERT_EQUAL(whole(&t), 1);
            CU_ASSERT_EQUAL(memcmp(out, before, len), 0);
            struct confirm_look look = confirm_look((struct qw_bytes){out, len}, (uint32_t)len);
            CU_ASSERT_TRUE(look.begins && !look.misshapen);
            CU_ASSERT_EQUAL(look.version, V1);
            look = confirm_look((struct qw_bytes){out, 60}, 60);
            CU_ASSERT_TRUE(look.misshapen);
            talk_end(&t);
        }
}

static void scone_alone_says_nothing(void)
{
    struct talk t = talk_start();
    uint8_t out[64];
    struct test_cid dcid = cid(8, 0xd1), scid = cid(8, 0xc1);
    size_t len = scone(out, SCONE[0], &dcid, &scid);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, len), FLOW_ONE_WAY);
        CU_ASSERT_EQUAL(datagram(&t, FLOW_HI, out, len), FLOW_ONE_WAY);
    }
    CU_ASSERT_EQUAL(t.scratch.in_use, 0);
    struct confirm_look look = confirm_look((struct qw_bytes){out, len}, 1200);
    CU_ASSERT_FALSE(look.begins || look.misshapen);
    CU_ASSERT_TRUE(confirm_concerns_known((struct qw_bytes){out, len})); /* behind it v1 may stand */
    talk_end(&t);
}

/* In front of a short header, in the middle of a datagram, and of another version. */
static void scone_in_a_connection(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    uint8_t out[300];
    client_initial(&t, &n);
    server_initial(&t, &n);
    size_t len = scone(out, SCONE[1], &n.server_scid, &n.client_scid);
    len += test_long_header(out + len, sizeof out - len, V1, 2, &n.server_scid, &n.client_scid, 60);
    CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, len), FLOW_REPLIED);
    size_t end = len + scone(out + len, SCONE[1], &n.server_scid, &n.client_scid);
    memset(out + end, 0x40, 40); /* no sender puts SCONE there */
    CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, end + 40), FLOW_REPLIED);
    struct test_cid none = cid(0, 0);
    len = scone(out, SCONE[0], &n.server_scid, &none);
    memset(out + len, 0x40, 20);
    CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, len + 20), FLOW_REPLIED); /* too short for one */
    memset(out + len, 0x40, 21);
    CU_ASSERT_EQUAL(datagram(&t, FLOW_LO, out, len + 21), FLOW_CONFIRMED);
    talk_end(&t);
}

/* The same DCID in a version that the server did not choose begins another attempt: its ClientHello is
 * judged. */
static void another_version_is_another_attempt(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    client_initial(&t, &n);
    int first = t.view.slot;
    n.version = V2;
    client_initial(&t, &n);
    CU_ASSERT_NOT_EQUAL(t.view.slot, first);
    CU_ASSERT_EQUAL(t.scratch.in_use, 2);
    talk_end(&t);
}

/* Initials of a client that moved to a hidden CID are its attempt's. */
static void hidden_cid_keeps_its_attempt(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), moved = n;
    moved.server_scid = cid(4, 0xa8);
    client_initial(&t, &n);
    server_initial(&t, &n);
    client_initial_again(&t, &moved);
    CU_ASSERT_EQUAL(t.view.slot, 0);
    CU_ASSERT_EQUAL(t.scratch.in_use, 1);
    talk_end(&t);
}

void suite_pieces(void)
{
    static const struct test TESTS[] = {
        {"W5: hundreds of CRYPTO frames of a datagram, in any order", many_frames},
        {"W2: 2 to 39 Initials of a datagram are one attempt, all read", many_packets},
        {"W2: packets that do not open hide none behind them", behind_bad_packets},
        {"S3: a datagram is tried with as many keys as it takes to know whose it is, and no more",
         tries_are_bounded},
        {"S3: packets that open are no tries", what_opens_is_no_try},
        {"W1 W2: SCONE packets are read past and never changed", scone_is_read_past},
        {"W7: a SCONE packet alone says nothing", scone_alone_says_nothing},
        {"W2 C1: SCONE in front of Handshake and 1-RTT packets", scone_in_a_connection},
        {"C4: the same DCID in another version is another attempt", another_version_is_another_attempt},
        {"C1: Initials to a hidden CID are their attempt's", hidden_cid_keeps_its_attempt},
    };
    TEST_SUITE("pieces", TESTS);
}
