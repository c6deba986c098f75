/* Who sees nothing, or only one side, gets nowhere, and hinders nobody. */
#include "random.h"
#include "suite.h"
#include "talk.h"
#include <string.h>

static void one_side_alone(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    for (int i = 0; i < 50; i++) {
        client_initial(&t, &n);
        client_handshake(&t, &n);
        client_short(&t, &n);
        client_initial_again(&t, &n);
    }
    CU_ASSERT_EQUAL(t.view.state, FLOW_INITIAL);
    talk_end(&t);
}

static void a_reply_to_another_dcid(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), forged = n;
    forged.client_scid = cid(5, 0xee);
    client_initial(&t, &n);
    CU_ASSERT_EQUAL(server_initial(&t, &forged), FLOW_INITIAL);
    CU_ASSERT_EQUAL(server_handshake(&t, &forged), FLOW_INITIAL);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_INITIAL);
    talk_end(&t);
}

/* The forger guesses the client's SCID (it is empty), but did not see the DCID that the keys derive from. */
static void a_reply_with_wrong_keys_does_not_displace_the_real_one(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    n.client_scid = cid(0, 0);
    struct names forged = n;
    forged.first_dcid = cid(8, 0xee);
    forged.server_scid = cid(8, 0xef);
    client_initial(&t, &n);
    CU_ASSERT_EQUAL(server_initial(&t, &forged), FLOW_INITIAL);
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    server_initial(&t, &forged);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

/* A forger plays the client towards a real server: it knows its own CIDs, never the server's. */
static void a_blind_client(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), guess = n;
    client_initial(&t, &n);
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    for (unsigned i = 0; i < 256; i++) {
        guess.server_scid = cid((uint8_t)(i % 21), (uint8_t)(i == 0x51 ? 0 : i));
        client_handshake(&t, &guess);
        CU_ASSERT_EQUAL(client_short(&t, &guess), FLOW_REPLIED);
    }
    talk_end(&t);
}

/* An SCID that is short or the client's own DCID can be known unseen: one more round trip is asked for. */
static void a_guessable_server_cid(void)
{
    for (int i = 0; i < 2; i++) {
        struct talk t = talk_start();
        struct names n = plain_names();
        n.server_scid = i ? n.first_dcid : cid(0, 0);
        client_initial(&t, &n);
        server_initial(&t, &n);
        client_handshake(&t, &n);
        CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_REPLIED);
        CU_ASSERT_EQUAL(server_short(&t, &n), FLOW_REPLIED);
        CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
        talk_end(&t);
    }
}

static void forged_initials_do_not_push_out_an_answered_attempt(void)
{
    struct talk t = talk_start();
    struct names n = plain_names(), forged = n;
    client_initial(&t, &n);
    server_initial(&t, &n);
    for (unsigned i = 0; i < 100; i++) {
        forged.first_dcid = cid(12, (uint8_t)i);
        forged.client_scid = cid(4, (uint8_t)i);
        client_initial(&t, &forged);
    }
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

static void a_forged_retry(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid other = cid(8, 0x77), retry_scid = cid(8, 0x99);
    static const uint8_t TOKEN[] = {1, 2, 3};
    uint8_t out[200];
    client_initial(&t, &n);
    size_t len = test_retry(out, sizeof out, V1, &n.client_scid, &retry_scid, &other, TOKEN, sizeof TOKEN);
    datagram(&t, FLOW_HI, out, len);
    for (unsigned i = 0; i < t.scratch.in_use; i++)
        CU_ASSERT_EQUAL(t.scratch.attempts[i].retry_count, 0);
    server_initial(&t, &n);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

/* Versions 1, 2 and a few others, CIDs of few values: as close to a handshake as chance gets. */
static void random_datagrams(void)
{
    uint64_t random = 7;
    struct talk t = talk_start();
    for (int i = 0; i < 200000; i++) {
        uint8_t data[64];
        size_t len = test_random(&random) % sizeof data;
        for (size_t b = 0; b < sizeof data; b++)
            data[b] = (uint8_t)test_random(&random);
        if (i % 3 == 0) {
            memcpy(data + 1, (const uint8_t[]){0, 0, 0, 1}, 4);
            data[5] = data[5] % 9;
        }
        enum flow_state state = datagram(&t, test_random(&random) % 2 ? FLOW_HI : FLOW_LO, data, len);
        CU_ASSERT_EQUAL_FATAL(state, FLOW_ONE_WAY);
    }
    talk_end(&t);
}

void suite_forgers(void)
{
    static const struct test TESTS[] = {
        {"C8: one side alone", one_side_alone},
        {"C1 C8: a reply to a wrong DCID", a_reply_to_another_dcid},
        {"C8 F5: a forged reply neither counts nor displaces the real one",
         a_reply_with_wrong_keys_does_not_displace_the_real_one},
        {"C8: a forged client that does not see the server's SCID", a_blind_client},
        {"C8: a server SCID that can be guessed asks for one round trip more", a_guessable_server_cid},
        {"C8 F5: forged Initials do not push out an answered attempt",
         forged_initials_do_not_push_out_an_answered_attempt},
        {"C3 C8: a Retry without the right integrity tag changes nothing", a_forged_retry},
        {"W7 S7: 200,000 random datagrams", random_datagrams},
    };
    TEST_SUITE("forgers", TESTS);
}
