/* Retry, Version Negotiation, version change, and versions that nobody here knows. */
#include "suite.h"
#include "talk.h"
#include <string.h>

static void retried(uint32_t version)
{
    static const uint8_t TOKEN[] = {9, 8, 7, 6}, PING[] = {1};
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid retry_scid = cid(10, 0x99);
    uint8_t out[1500];
    n.version = version;
    client_initial(&t, &n);
    datagram(&t, FLOW_HI, out,
             test_retry(out, sizeof out, version, &n.client_scid, &retry_scid, &n.first_dcid, TOKEN,
                        sizeof TOKEN));
    n.first_dcid = retry_scid;
    struct test_initial again = {.version = version, .key_dcid = retry_scid, .dcid = retry_scid};
    again.scid = n.client_scid;
    again.token = TOKEN;
    again.token_len = sizeof TOKEN;
    again.packet_number = 1;
    again.pn_len = 1;
    again.frames = PING;
    again.frames_len = 1;
    again.pad_to = 1200;
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, test_seal_initial(&again, out, sizeof out)), FLOW_INITIAL);
    CU_ASSERT_EQUAL(t.scratch.in_use, 1);
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.version, version);
    talk_end(&t);
}

static void retry_is_one_attempt(void)
{
    retried(V1);
    retried(V2);
}

static void version_2(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    n.version = V2;
    CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
    server_initial(&t, &n);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.version, V2);
    talk_end(&t);
}

/* RFC 9368 2.3: the server answers the v1 Initial in v2, with keys from the same DCID. */
static void compatible_change(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
    CU_ASSERT_EQUAL(t.view.version, V1);
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED); /* an early ACK, still in v1 */
    n.version = V2;
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    n.version = V1;
    client_handshake(&t, &n); /* no longer the version in use */
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_REPLIED);
    n.version = V2;
    CU_ASSERT_EQUAL(client_handshake(&t, &n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.version, V2);
    talk_end(&t);
}

static void version_negotiation(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    uint8_t vn[64] = {0xff, 0, 0, 0, 0};
    size_t at = 5;
    long_header(&t, FLOW_LO, 0x1a2a3a4a, 0, &n.first_dcid, &n.client_scid);
    vn[at++] = n.client_scid.len;
    memcpy(vn + at, n.client_scid.bytes, n.client_scid.len);
    at += n.client_scid.len;
    vn[at++] = n.first_dcid.len;
    memcpy(vn + at, n.first_dcid.bytes, n.first_dcid.len);
    at += n.first_dcid.len;
    memcpy(vn + at, (const uint8_t[]){0, 0, 0, 1}, 4);
    CU_ASSERT_EQUAL(datagram(&t, FLOW_HI, vn, at + 4), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
    server_initial(&t, &n);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.version, V1);
    talk_end(&t);
}

static void unknown_version_by_echo(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    CU_ASSERT_EQUAL(long_header(&t, FLOW_HI, DRAFT, 0, &n.first_dcid, &n.client_scid), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(long_header(&t, FLOW_LO, DRAFT, 0, &n.client_scid, &n.server_scid), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(long_header(&t, FLOW_HI, DRAFT, 2, &n.server_scid, &n.client_scid), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(server_short(&t, &(struct names){.client = FLOW_HI}), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(client_short(&t, &(struct names){.client = FLOW_HI}), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t.view.client, FLOW_HI);
    CU_ASSERT_EQUAL(t.view.version, DRAFT);
    talk_end(&t);
}

static void long_cids_of_unknown_versions(void)
{
    struct talk t = talk_start();
    struct test_cid client = cid(255, 1), server = cid(254, 2), first = cid(255, 3);
    long_header(&t, FLOW_LO, DRAFT, 0, &first, &client);
    long_header(&t, FLOW_HI, DRAFT, 0, &client, &server);
    long_header(&t, FLOW_LO, DRAFT, 0, &server, &client);
    CU_ASSERT_EQUAL(long_header(&t, FLOW_LO, DRAFT, 0, &server, &client), FLOW_CONFIRMED);
    talk_end(&t);
}

/* A service that sends every datagram back is no QUIC, whatever the datagrams look like. */
static void an_echo_service(void)
{
    for (unsigned fill = 0; fill < 256; fill++) {
        uint8_t data[600];
        struct talk t = talk_start();
        memset(data, (int)(fill | 0x80), sizeof data);
        for (int i = 0; i < 8; i++) {
            datagram(&t, FLOW_LO, data, sizeof data);
            datagram(&t, FLOW_HI, data, sizeof data);
        }
        CU_ASSERT_EQUAL(t.view.state, FLOW_ONE_WAY);
        talk_end(&t);
    }
}

static void google_quic_is_udp(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    uint32_t q046 = 0x51303436;
    long_header(&t, FLOW_LO, q046, 0, &n.first_dcid, &n.client_scid);
    long_header(&t, FLOW_HI, q046, 0, &n.client_scid, &n.server_scid);
    long_header(&t, FLOW_LO, q046, 0, &n.server_scid, &n.client_scid);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_ONE_WAY);
    talk_end(&t);
}

/* RTP's first byte has the form bit, its "version" changes with the sequence number (RFC 9443 3). */
static void rtp_stalls(void)
{
    struct talk t = talk_start();
    uint8_t rtp[172] = {0x80, 0x60};
    for (unsigned i = 0; i < CONFIRM_STALL; i++) {
        CU_ASSERT_FALSE(t.view.stalled);
        rtp[2] = (uint8_t)(i >> 8);
        rtp[3] = (uint8_t)i;
        datagram(&t, i % 2 ? FLOW_LO : FLOW_HI, rtp, sizeof rtp);
    }
    CU_ASSERT_EQUAL(t.view.state, FLOW_ONE_WAY);
    CU_ASSERT_TRUE(t.view.stalled);
    talk_end(&t);
}

void suite_versions(void)
{
    static const struct test TESTS[] = {
        {"C3 W3: Retry goes on as one attempt, v1 and v2", retry_is_one_attempt},
        {"C1 W2: v2", version_2},
        {"C4: a compatible version change", compatible_change},
        {"C4: Version Negotiation, then v1", version_negotiation},
        {"C6: an unknown version by echoed CIDs", unknown_version_by_echo},
        {"C6 W1: CIDs of 254 and 255 bytes", long_cids_of_unknown_versions},
        {"W7 C8: an echo service", an_echo_service},
        {"W7: Google's QUIC stays UDP", google_quic_is_udp},
        {"W7: RTP stalls and is left alone", rtp_stalls},
    };
    TEST_SUITE("versions", TESTS);
}
