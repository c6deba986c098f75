/* Several Retries for one attempt, and what a Retry proves. */
#include "suite.h"
#include "talk.h"

#define TOKEN_LEN 40

/* Each half of a split ClientHello gets a Retry; the client follows the one of index `followed`. */
static void go_on(struct talk *t, struct names *n, const struct test_cid scids[], unsigned followed)
{
    CU_ASSERT_EQUAL(follow_retry(t, n, &scids[followed], (uint8_t)followed, TOKEN_LEN, 2), FLOW_INITIAL);
    CU_ASSERT_EQUAL(follow_retry(t, n, &scids[followed], (uint8_t)followed, TOKEN_LEN, 3), FLOW_INITIAL);
    CU_ASSERT_EQUAL(t->scratch.in_use, 1);
    n->first_dcid = scids[followed];
    CU_ASSERT_EQUAL(server_initial(t, n), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_handshake(t, n), FLOW_REPLIED);
    CU_ASSERT_EQUAL(client_short(t, n), FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(t->scratch.in_use, 1);
}

static void retried(const struct names *names, const struct test_cid scids[], unsigned count,
                    unsigned followed)
{
    struct talk t = talk_start();
    struct names n = *names;
    client_initial(&t, &n);
    client_initial_half(&t, &n);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL(retry(&t, &n, &scids[i], (uint8_t)i, TOKEN_LEN), FLOW_INITIAL);
    go_on(&t, &n, scids, followed);
    talk_end(&t);
}

/* The server takes the CID of the Retry, or another one. */
static void every_cid_length(void)
{
    for (uint8_t client = 0; client <= 20; client++)
        for (uint8_t server = 0; server <= 20; server++)
            for (unsigned same = 0; same < 2; same++) {
                struct names n = plain_names();
                n.version = (client + server) % 2 ? V2 : V1;
                n.client_scid = cid(client, 0xc1);
                n.server_scid = cid(server, same ? 0x91 : 0x51);
                struct test_cid scids[] = {cid(server, 0x91), cid(server, 0x92)};
                retried(&n, scids, 2, same);
            }
}

static void any_of_many(void)
{
    struct test_cid scids[CONFIRM_RETRIES];
    for (unsigned i = 0; i < CONFIRM_RETRIES; i++)
        scids[i] = cid(4, (uint8_t)(0x90 + i));
    struct names n = plain_names();
    for (unsigned count = 1; count <= CONFIRM_RETRIES; count++)
        for (unsigned followed = 0; followed < count; followed++)
            retried(&n, scids, count, followed);
}

static void a_retry_again_takes_no_place(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid scids[] = {cid(4, 0x90), cid(4, 0x91)};
    client_initial(&t, &n);
    retry(&t, &n, &scids[0], 0, TOKEN_LEN);
    for (unsigned i = 0; i < 3 * CONFIRM_RETRIES; i++)
        retry(&t, &n, &scids[1], 1, TOKEN_LEN);
    go_on(&t, &n, scids, 0);
    talk_end(&t);
}

/* The SCID of one Retry with the token of another, or a token that nobody gave, follow none. */
static void a_token_belongs_to_its_retry(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid scids[] = {cid(4, 0x90), cid(4, 0x91)};
    client_initial(&t, &n);
    retry(&t, &n, &scids[0], 0, TOKEN_LEN);
    retry(&t, &n, &scids[1], 1, TOKEN_LEN);
    follow_retry(&t, &n, &scids[0], 1, TOKEN_LEN, 2);
    follow_retry(&t, &n, &scids[0], 0, TOKEN_LEN - 1, 2);
    follow_retry(&t, &n, &scids[1], 7, TOKEN_LEN, 2);
    CU_ASSERT_FALSE(t.scratch.attempts[0].path_proven);
    n.first_dcid = scids[0];
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_INITIAL);
    talk_end(&t);
}

/* RFC 9000 17.2.5.2: no client follows a Retry without a token. */
static void no_token_no_retry(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid scid = cid(8, 0x90);
    client_initial(&t, &n);
    retry(&t, &n, &scid, 0, 0);
    CU_ASSERT_EQUAL(t.scratch.attempts[0].retry_count, 0);
    talk_end(&t);
}

static void a_new_scid_behind_a_retry(void)
{
    struct talk t = talk_start();
    struct names n = plain_names();
    struct test_cid scid = cid(8, 0x90);
    client_initial(&t, &n);
    retry(&t, &n, &scid, 0, TOKEN_LEN);
    n.client_scid = cid(7, 0xc7);
    follow_retry(&t, &n, &scid, 0, TOKEN_LEN, 2);
    n.first_dcid = scid;
    CU_ASSERT_EQUAL(server_initial(&t, &n), FLOW_REPLIED);
    client_handshake(&t, &n);
    CU_ASSERT_EQUAL(client_short(&t, &n), FLOW_CONFIRMED);
    talk_end(&t);
}

void suite_retries(void)
{
    static const struct test TESTS[] = {
        {"C3: two Retries, every CID length from 0 to 20 on both sides", every_cid_length},
        {"C3: the client follows any Retry of up to eight", any_of_many},
        {"C3 S3: a Retry that comes again pushes out no other", a_retry_again_takes_no_place},
        {"C3 C8: a token counts with its own Retry's CID alone", a_token_belongs_to_its_retry},
        {"C3: a Retry without a token is none", no_token_no_retry},
        {"C3: the client may take a new SCID behind a Retry", a_new_scid_behind_a_retry},
    };
    TEST_SUITE("retries", TESTS);
}
