/* What confirms a v1 or v2 flow, in which orders, and what does not. */
#include "suite.h"
#include "talk.h"
#include <string.h>

static void evidence_in_order(void)
{
    for (int side = 0; side < 2; side++) {
        struct talk t = talk_start();
        struct names n = plain_names();
        n.client = (enum flow_side)side;
        CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
        CU_ASSERT_EQUAL(t.view.client, n.client);
        CU_ASSERT_EQUAL(t.view.version, V1);
        CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
        CU_ASSERT_EQUAL(client_handshake(&t, &n), FLOW_REPLIED);
        CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
        CU_ASSERT_EQUAL(t.view.client, n.client);
        talk_end(&t);
    }
}

typedef enum flow_state send(struct talk *t, const struct names *n);

static bool confirms(send *const *sends, unsigned count, unsigned left_out)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    for (unsigned i = 0; i < count; i++)
        if (i != left_out)
            sends[i](&t, &n);
    bool confirmed = t.view.state == FLOW_CONFIRMED;
    talk_end(&t);
    return confirmed;
}

static void every_piece_is_needed(void)
{
    static send *const SENDS[] = {client_initial, server_initial, client_handshake, client_short};
    CU_ASSERT_TRUE(confirms(SENDS, 4, 4));
    for (unsigned missing = 0; missing < 4; missing++)
        CU_ASSERT_FALSE(confirms(SENDS, 4, missing));
}

static void lost_pieces_come_again(void)
{
    static send *const HANDSHAKE_LATE[] = {client_initial, server_initial, client_short, server_initial,
                                           client_handshake};
    static send *const REPLY_BY_HANDSHAKE[] = {client_initial, server_handshake, client_handshake,
                                               client_short};
    static send *const ALL_TWICE[] = {client_initial,       client_initial,   server_initial,
                                      client_initial_again, server_handshake, server_initial,
                                      server_short,         client_handshake, client_initial_again,
                                      client_handshake,     server_short,     client_short};
    CU_ASSERT_TRUE(confirms(HANDSHAKE_LATE, 5, 5));
    CU_ASSERT_TRUE(confirms(REPLY_BY_HANDSHAKE, 4, 4));
    CU_ASSERT_TRUE(confirms(ALL_TWICE, 12, 12));
}

static void an_empty_client_cid_needs_the_servers_initial(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    n.client_scid = cid(0, 0);
    client_initial(&t, &n);
    CU_ASSERT_EQUAL(server_handshake(&t, &n), FLOW_INITIAL); /* anybody could have addressed an empty CID */
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

/* OpenSSL's client uses a CID from a NEW_CONNECTION_ID frame at once. */
static void a_client_that_moved_to_a_hidden_cid(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), moved = n;
    moved.server_scid = cid(8, 0xa8);
    client_initial(&t, &n);
    server_initial(&t, &n);
    CU_ASSERT_EQUAL(client_handshake(&t, &moved), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_short(&t, &moved), FLOW_REPLIED);
    CU_ASSERT_EQUAL(server_short(&t, &n), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_short(&t, &moved), FLOW_CONFIRMED);
    talk_end(&t);
}

static void coalesced_packets_count(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    client_initial(&t, &n);
    server_initial(&t, &n);
    uint8_t out[1500];
    size_t len = test_long_header(out, sizeof out, V1, 2, &n.server_scid, &n.client_scid, 60);
    memset(out + len, 0, 40); /* padding behind the packet is no short header */
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, len + 40), FLOW_REPLIED);
    out[len] = 0x40;
    memcpy(out + len + 1, n.server_scid.bytes, n.server_scid.len);
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, len + 20), FLOW_REPLIED); /* too short to be one */
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, len + 21), FLOW_CONFIRMED);
    talk_end(&t);
}

static void a_small_datagram_is_no_first_initial(void)
{
    static const uint8_t PING[] = {0x01};
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_initial small = {.version = V1,
                                 .key_dcid = n.first_dcid,
                                 .dcid = n.first_dcid,
                                 .scid = n.client_scid,
                                 .pn_len = 1,
                                 .frames = PING,
                                 .frames_len = 1,
                                 .pad_to = 1199};
    uint8_t out[1500];
    size_t len = test_seal_initial(&small, out, sizeof out);
    CU_ASSERT_EQUAL(len, 1199);
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, len), FLOW_ONE_WAY);
    long_header(&t, n.client, V1, 1, &n.first_dcid, &n.client_scid); /* nor after its 0-RTT */
    CU_ASSERT_EQUAL(datagram(&t, n.client, out, len), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
    talk_end(&t);
}

static void nothing_demotes(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), second = n;
    second.first_dcid = cid(9, 0xd2);
    second.client_scid = cid(5, 0xc2);
    client_initial(&t, &n);
    server_initial(&t, &n);
    CU_ASSERT_EQUAL(client_initial(&t, &second), FLOW_REPLIED);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(client_initial(&t, &second), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(server_short(&t, &second), FLOW_CONFIRMED); /* as a stateless reset looks */
    talk_end(&t);
}

static void zero_rtt_proves_nothing(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    CU_ASSERT_EQUAL(long_header(&t, FLOW_LO, V1, 1, &n.first_dcid, &n.client_scid), FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(client_initial(&t, &n), FLOW_INITIAL);
    server_initial(&t, &n);
    CU_ASSERT_EQUAL(long_header(&t, FLOW_LO, V1, 1, &n.server_scid, &n.client_scid), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_handshake(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

void suite_evidence(void)
{
    static const struct test TESTS[] = {
        {"C1 C2: the four pieces confirm, and tell the client, whichever side it is on", evidence_in_order},
        {"C1: no piece can be left out", every_piece_is_needed},
        {"C1: pieces that were lost or overtaken count when they come", lost_pieces_come_again},
        {"C1: a client without CID", an_empty_client_cid_needs_the_servers_initial},
        {"C1: a client that moved to a CID issued under encryption", a_client_that_moved_to_a_hidden_cid},
        {"C1 W2: Handshake and short header in one datagram", coalesced_packets_count},
        {"C1: a first Initial in under 1200 bytes is none (RFC 9000 14.1)",
         a_small_datagram_is_no_first_initial},
        {"C8: a second connection or a reset never demotes", nothing_demotes},
        {"C5: 0-RTT proves nothing, before or after", zero_rtt_proves_nothing},
    };
    TEST_SUITE("evidence", TESTS);
}
