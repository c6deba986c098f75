/* Whose connection ID a new flow begins with. */
#include "random.h"
#include "suite.h"
#include <quicward/hint.h>
#include <string.h>

#define SECOND QW_NS_PER_SECOND
#define LEN 8

static const struct qw_endpoint SERVER = {.addr = {{1}}, .port = 443};
static const struct qw_time START = {1000 * SECOND};

static struct hints *hints_of(uint32_t capacity)
{
    struct hints *hints = hint_new(capacity, (struct qw_hash_key){1, 2});
    CU_ASSERT_PTR_NOT_NULL_FATAL(hints);
    return hints;
}

static struct hint_flow flow(uint64_t id)
{
    return (struct hint_flow){.id = id, .shard = (uint32_t)id % 4, .slot = (uint32_t)id + 7};
}

/* Thirty bytes that begin with connection ID `number`, `len` long, and go on in another way. */
static struct qw_bytes packet(uint64_t number, size_t len, uint8_t rest)
{
    static uint8_t bytes[30];
    memset(bytes, rest, sizeof bytes);
    memset(bytes, 0xcd, len);
    memcpy(bytes, &number, len < sizeof number ? len : sizeof number);
    return (struct qw_bytes){bytes, sizeof bytes};
}

static struct qw_bytes cid(uint64_t number, size_t len)
{
    return (struct qw_bytes){packet(number, len, 0).data, len};
}

static void learn(struct hints *hints, uint64_t id, uint64_t number, struct qw_time now)
{
    const struct hint_flow whose = flow(id);
    hint_learn(hints, &whose, &SERVER, cid(number, LEN), now);
}

/* The id of the flow that a packet with `number` points at; 0: none. */
static uint64_t find(struct hints *hints, uint64_t number, struct qw_time now)
{
    struct hint_flow older = {0};
    bool found = hint_find(hints, &SERVER, packet(number, LEN, 0x77), now, &older);
    CU_ASSERT(!found || (older.shard == older.id % 4 && older.slot == older.id + 7));
    return found ? older.id : 0;
}

static struct qw_time after(uint64_t seconds)
{
    return qw_time_add(START, seconds * SECOND);
}

/* ---- tests ---- */

static void known(void)
{
    struct hints *hints = hints_of(4);
    CU_ASSERT_EQUAL(find(hints, 5, START), 0);
    learn(hints, 1, 5, START);
    CU_ASSERT_EQUAL(find(hints, 5, START), 1);
    CU_ASSERT_EQUAL(find(hints, 6, START), 0);
    CU_ASSERT_EQUAL(hint_continues(hints, 1), 0);
    hint_free(hints);
}

static void of_one_server(void)
{
    struct hints *hints = hints_of(4);
    struct hint_flow older;
    struct qw_endpoint other_port = SERVER, other_address = SERVER;
    learn(hints, 1, 5, START);
    other_port.port++;
    other_address.addr.bytes[15]++;
    CU_ASSERT_FALSE(hint_find(hints, &other_port, packet(5, LEN, 0), START, &older));
    CU_ASSERT_FALSE(hint_find(hints, &other_address, packet(5, LEN, 0), START, &older));
    hint_free(hints);
}

/* A short header says no length: all that are known are tried. */
static void lengths(void)
{
    for (size_t len = 0; len <= HINT_CID_MAX + 1; len++) {
        struct hints *hints = hints_of(4);
        const struct hint_flow first = flow(1);
        struct hint_flow older;
        struct qw_bytes cut = packet(5, len, 0x77);
        learn(hints, 2, 99, START);
        hint_learn(hints, &first, &SERVER, cid(5, len), START);
        bool told = hint_find(hints, &SERVER, packet(5, len, 0x77), START, &older);
        CU_ASSERT_EQUAL(told, len >= HINT_CID_MIN && len <= HINT_CID_MAX);
        CU_ASSERT(!told || older.id == 1);
        cut.len = len > 0 ? len - 1 : 0;
        CU_ASSERT_FALSE(hint_find(hints, &SERVER, cut, START, &older));
        hint_free(hints);
    }
}

static void changed(void)
{
    struct hints *hints = hints_of(4);
    learn(hints, 1, 5, START);
    hint_hear(hints, 1, packet(6, LEN, 1), START);
    CU_ASSERT_EQUAL(find(hints, 5, START), 0);
    CU_ASSERT_EQUAL(find(hints, 6, START), 1);
    hint_hear(hints, 1, cid(7, LEN - 1), START); /* cut: it may be any */
    CU_ASSERT_EQUAL(find(hints, 6, START), 1);
    hint_hear(hints, 2, packet(8, LEN, 1), START); /* of no length that is known */
    CU_ASSERT_EQUAL(find(hints, 8, START), 0);
    hint_free(hints);
}

/* Servers that use one for all: nobody can tell their connections apart. */
static void shared(void)
{
    struct hints *hints = hints_of(4);
    learn(hints, 1, 5, START);
    learn(hints, 2, 5, START);
    CU_ASSERT_EQUAL(find(hints, 5, START), 0);
    hint_hear(hints, 1, packet(6, LEN, 1), START);
    CU_ASSERT_EQUAL(find(hints, 6, START), 1);
    learn(hints, 3, 7, START);
    hint_hear(hints, 3, packet(6, LEN, 1), START);
    CU_ASSERT_EQUAL(find(hints, 6, START), 0);
    CU_ASSERT_EQUAL(find(hints, 7, START), 0);
    hint_free(hints);
}

static void forgotten(void)
{
    struct hints *hints = hints_of(4);
    const uint64_t kept = HINT_KEPT_NS / SECOND;
    learn(hints, 1, 5, START);
    CU_ASSERT_EQUAL(find(hints, 5, after(kept)), 1);
    hint_hear(hints, 1, packet(5, LEN, 1), after(kept));
    CU_ASSERT_EQUAL(find(hints, 5, after(2 * kept)), 1);
    CU_ASSERT_EQUAL(find(hints, 5, after(2 * kept + 1)), 0);
    learn(hints, 2, 5, after(2 * kept + 1)); /* it is nobody else's any more */
    CU_ASSERT_EQUAL(find(hints, 5, after(2 * kept + 1)), 2);
    CU_ASSERT_EQUAL(find(hints, 5, START), 2); /* a capture's clock may go back */
    hint_free(hints);
}

static void bounded(void)
{
    struct hints *hints = hints_of(3);
    for (uint64_t id = 1; id <= 3; id++)
        learn(hints, id, id, START);
    hint_hear(hints, 1, packet(1, LEN, 1), START);
    learn(hints, 4, 4, START); /* in the place of 2, which was heard least recently */
    CU_ASSERT_EQUAL(find(hints, 1, START), 1);
    CU_ASSERT_EQUAL(find(hints, 2, START), 0);
    CU_ASSERT_EQUAL(find(hints, 3, START), 3);
    CU_ASSERT_EQUAL(find(hints, 4, START), 4);
    hint_free(hints);
}

static void moved(void)
{
    struct hints *hints = hints_of(4);
    const struct hint_flow second = flow(2), third = flow(3);
    learn(hints, 1, 5, START);
    CU_ASSERT_TRUE(hint_move(hints, &second, 1, START));
    CU_ASSERT_EQUAL(find(hints, 5, START), 2);
    CU_ASSERT_EQUAL(hint_continues(hints, 2), 1);
    CU_ASSERT_EQUAL(hint_continues(hints, 1), 0);
    CU_ASSERT_FALSE(hint_move(hints, &third, 1, START));
    CU_ASSERT_TRUE(hint_move(hints, &third, 2, START));
    CU_ASSERT_EQUAL(hint_continues(hints, 3), 2);
    learn(hints, 4, 9, START); /* a connection of its own goes on with none */
    const struct hint_flow fourth = flow(4);
    CU_ASSERT_FALSE(hint_move(hints, &fourth, 3, START));
    CU_ASSERT_EQUAL(find(hints, 5, START), 3);
    hint_free(hints);
}

static void waiting(void)
{
    struct hints *hints = hints_of(4);
    const struct hint_flow older = flow(1);
    struct hint_flow found = {0};
    uint64_t heard = 0;
    CU_ASSERT_FALSE(hint_awaited(hints, 2, &found, &heard));
    hint_await(hints, 2, &older, 17);
    hint_await(hints, 4, &older, 18);
    CU_ASSERT_FALSE(hint_awaited(hints, 3, &found, &heard));
    CU_ASSERT_TRUE(hint_awaited(hints, 2, &found, &heard));
    CU_ASSERT(found.id == 1 && found.slot == older.slot && heard == 17);
    CU_ASSERT_FALSE(hint_awaited(hints, 2, &found, &heard));
    for (uint64_t id = 1; id <= 2 * HINT_WAITING; id++)
        hint_await(hints, id, &older, id);
    CU_ASSERT_FALSE(hint_awaited(hints, HINT_WAITING, &found, &heard));
    CU_ASSERT_TRUE(hint_awaited(hints, 2 * HINT_WAITING, &found, &heard));
    hint_free(hints);
}

/* ---- against a list that is searched from end to end ---- */

#define MODEL_FLOWS 40
#define MODEL_CAPACITY 12

struct model {
    struct model_flow {
        uint64_t number, before, heard, order; /* order 0: not known */
        bool shared;
    } flows[MODEL_FLOWS + 1]; /* by id */
    uint64_t order;
};

static uint64_t model_owner(struct model *m, uint64_t number, uint64_t now)
{
    for (uint64_t id = 1; id <= MODEL_FLOWS; id++)
        if (m->flows[id].order && m->flows[id].number == number) {
            if (now - m->flows[id].heard <= HINT_KEPT_NS / SECOND)
                return id;
            m->flows[id].order = 0;
        }
    return 0;
}

static void model_make_room(struct model *m)
{
    uint64_t known = 0, oldest = 0;
    for (uint64_t id = 1; id <= MODEL_FLOWS; id++)
        if (m->flows[id].order) {
            known++;
            oldest = oldest == 0 || m->flows[id].order < m->flows[oldest].order ? id : oldest;
        }
    if (known == MODEL_CAPACITY)
        m->flows[oldest].order = 0;
}

static void model_set(struct model *m, uint64_t id, uint64_t number, uint64_t before, uint64_t now)
{
    m->flows[id].order = 0;
    uint64_t other = model_owner(m, number, now);
    if (other) {
        m->flows[other].shared = true;
        m->flows[other].heard = now;
        m->flows[other].order = ++m->order;
        return;
    }
    model_make_room(m);
    m->flows[id] = (struct model_flow){number, before, now, ++m->order, false};
}

static void model_hear(struct model *m, uint64_t id, uint64_t number, uint64_t now)
{
    struct model_flow *known = &m->flows[id];
    if (!known->order)
        return;
    if (known->number != number) {
        model_set(m, id, number, known->before, now);
        return;
    }
    known->heard = now;
    known->order = ++m->order;
}

static bool model_move(struct model *m, uint64_t newer, uint64_t older, uint64_t now)
{
    struct model_flow *from = &m->flows[older], *to = &m->flows[newer];
    if (!from->order || to->order)
        return false;
    *to = (struct model_flow){from->number, older, now, ++m->order, from->shared};
    from->order = 0;
    return true;
}

static void step(struct hints *hints, struct model *m, uint64_t *random, uint64_t now)
{
    uint64_t id = 1 + test_random(random) % MODEL_FLOWS, number = test_random(random) % 30;
    uint64_t other = 1 + test_random(random) % MODEL_FLOWS;
    const struct hint_flow newer = flow(id);
    switch (test_random(random) % 4) {
    case 0:
        learn(hints, id, number, after(now));
        model_set(m, id, number, 0, now);
        break;
    case 1:
        hint_hear(hints, id, packet(number, LEN, 3), after(now));
        model_hear(m, id, number, now);
        break;
    case 2:
        CU_ASSERT_EQUAL(hint_move(hints, &newer, other, after(now)), model_move(m, id, other, now));
        break;
    default: {
        uint64_t owner = model_owner(m, number, now);
        CU_ASSERT_EQUAL(find(hints, number, after(now)), owner && !m->flows[owner].shared ? owner : 0);
        CU_ASSERT_EQUAL(hint_continues(hints, id), m->flows[id].order ? m->flows[id].before : 0);
    }
    }
}

static void model(void)
{
    uint64_t random = 18;
    for (int run = 0; run < 20; run++) {
        struct hints *hints = hints_of(MODEL_CAPACITY);
        struct model m = {.order = 0};
        uint64_t now = 0;
        for (int i = 0; i < 5000; i++) {
            step(hints, &m, &random, now);
            now += test_random(&random) % 100 == 0 ? HINT_KEPT_NS / SECOND / 2 : test_random(&random) % 3;
        }
        hint_free(hints);
    }
}

int main(void)
{
    static const struct test TESTS[] = {
        {"O4: a connection ID of the handshake points at its flow", known},
        {"O4: it is the server's that gave it, and no other's", of_one_server},
        {"O4: of 4 to 20 bytes, and of packets that are long enough", lengths},
        {"O4: a client that takes another one is followed", changed},
        {"O4: one that several flows have points at none", shared},
        {"O4: it is forgotten an hour after it was last heard", forgotten},
        {"O4 S3: of a full table the one that was heard least recently goes", bounded},
        {"O4: it goes on with the newer flow, and from there again", moved},
        {"O4 S3: a flow that may go on waits for a word, once, in a place", waiting},
        {"O4 S3: as a list that is searched from end to end", model},
    };
    TEST_SUITE("hint", TESTS);
    return test_main();
}
