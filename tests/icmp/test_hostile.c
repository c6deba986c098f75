/* Whatever comes in, a message that goes out is well formed, and nothing is read or written past the ends. */
#include "guard.h"
#include "sample.h"
#include "suite.h"
#include "suites.h"
#include <quicward/icmp.h>
#include <string.h>

#define ROUNDS 120000
#define SEEDS 10
#define GUARDED_MAX 4096
#define EXTENSION "00 01040000 0000"

/* Told from the first bytes alone: a message about this packet would go astray or answer a multicast. */
static bool never_v4(const uint8_t *ip)
{
    bool later_fragment = (ip[6] & 0x1f) != 0 || ip[7] != 0;
    bool error = ip[9] == 1 && (ip[(ip[0] & 15) * 4] == 3 || ip[(ip[0] & 15) * 4] == 11);
    return later_fragment || error || ip[12] == 0 || ip[12] == 127 || ip[12] >= 224 || ip[16] >> 4 == 14;
}

static bool never_v6(const uint8_t *ip)
{
    return ip[8] == 0xff || ip[24] == 0xff || (ip[6] == 58 && ip[40] < 128);
}

static bool well_formed(const struct icmp_message *m, const uint8_t *packet, size_t len)
{
    bool v4 = m->family == QW_IPV4;
    size_t quoted = m->len - 8u;
    if (m->len < 8 + (v4 ? 20 : 40) || m->len > (v4 ? 576 - 20 : 1280 - 40) || quoted > len)
        return false;
    if (memcmp(m->bytes + 8, packet, quoted) != 0 || packet[0] >> 4 != m->family)
        return false;
    struct qw_addr source = v4 ? qw_addr_v4(packet + 12) : qw_addr_v6(packet + 8);
    if (!qw_addr_equal(&m->to, &source) || (v4 ? never_v4(packet) : never_v6(packet)))
        return false;
    return v4 ? sample_sum(m->bytes, m->len) == 0xffff : m->bytes[2] == 0 && m->bytes[3] == 0;
}

/* Judges a guarded copy in all four ways; false when they disagree or a message is wrong. */
static bool survives(const uint8_t *bytes, size_t len, uint32_t mtu, enum qw_error *error)
{
    struct icmp_message m;
    static struct guard guard;
    if (!guard.pages)
        guard = guard_new(GUARDED_MAX);
    uint8_t *copy = guard_copy(&guard, bytes, len);
    *error = icmp_prohibited(copy, len, &m);
    if (icmp_error_allowed(copy, len) != (*error == QW_OK))
        return false;
    if (*error == QW_OK && !well_formed(&m, copy, len))
        return false;
    if (icmp_host_unreachable(copy, len, &m) != *error || (*error == QW_OK && !well_formed(&m, copy, len)))
        return false;
    if (icmp_too_big(copy, len, mtu, &m) != *error)
        return false;
    if (*error == QW_OK)
        return well_formed(&m, copy, len);
    return *error == QW_ERR_TRUNCATED || *error == QW_ERR_INVALID;
}

static void make_seeds(struct sample seeds[static SEEDS])
{
    seeds[0] = sample_udp(QW_IPV4, 100);
    seeds[1] = sample_udp(QW_IPV6, 100);
    seeds[2] = sample_udp(QW_IPV4, 1400);
    seeds[3] = sample_udp(QW_IPV6, 1400);
    seeds[4] = seeds[2];
    sample_options(&seeds[4], "94040000 01010101");
    seeds[5] = seeds[3];
    sample_extend(&seeds[5], 60, EXTENSION);
    sample_extend(&seeds[5], 43, EXTENSION);
    sample_extend(&seeds[5], 0, EXTENSION);
    seeds[6] = sample_icmp(QW_IPV4, 8);
    seeds[7] = sample_icmp(QW_IPV6, 128);
    seeds[8] = seeds[0];
    sample_fragment(&seeds[8], 0, true);
    seeds[9] = seeds[1];
    sample_fragment(&seeds[9], 0, true);
}

static void every_prefix(void)
{
    struct sample seeds[SEEDS];
    make_seeds(seeds);
    for (size_t i = 0; i < SEEDS; i++)
        for (size_t len = 0; len <= seeds[i].len; len++) {
            enum qw_error error;
            CU_ASSERT(survives(seeds[i].bytes, len, 1400, &error));
            CU_ASSERT(error == QW_OK || (error == QW_ERR_TRUNCATED && len < 80));
        }
}

/* One to four bytes, mostly of the headers, get a value that breaks length arithmetic, or any. */
static void mutate(struct sample *s, uint64_t *state)
{
    static const uint8_t EDGES[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff, 44, 51, 58, 60, 17};
    for (unsigned left = 1 + sample_random(state) % 4; left > 0; left--) {
        size_t span = sample_random(state) % 8 == 0 || s->len < 64 ? s->len : 64;
        uint32_t value = sample_random(state);
        s->bytes[sample_random(state) % span] = value & 0x100 ? (uint8_t)value : EDGES[value % sizeof(EDGES)];
    }
    if (sample_random(state) % 4 == 0)
        s->len = sample_random(state) % (s->len + 1);
}

static void mutations(void)
{
    struct sample seeds[SEEDS];
    uint64_t state = 0x9e3779b97f4a7c15;
    unsigned outcomes[QW_ERROR_COUNT] = {0}, broken = 0;
    make_seeds(seeds);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sample s = seeds[i % SEEDS];
        enum qw_error error;
        mutate(&s, &state);
        broken += !survives(s.bytes, s.len, sample_random(&state), &error);
        outcomes[error]++;
    }
    CU_ASSERT_EQUAL(broken, 0);
    /* All three outcomes are common, so this is no test of one early return. */
    CU_ASSERT(outcomes[QW_OK] > ROUNDS / 20 && outcomes[QW_ERR_INVALID] > ROUNDS / 20 &&
              outcomes[QW_ERR_TRUNCATED] > ROUNDS / 50);
}

/* Random but for the version: without it hardly any would come further than the first byte. */
static void noise(void)
{
    uint64_t state = 0x2545f4914f6cdd1d;
    unsigned broken = 0, sent = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sample s = {.len = sample_random(&state) % 200};
        enum qw_error error;
        for (size_t at = 0; at < s.len; at++)
            s.bytes[at] = (uint8_t)sample_random(&state);
        s.bytes[0] = i & 1 ? 0x45 : 0x60;
        broken += !survives(s.bytes, s.len, 1400, &error);
        sent += error == QW_OK;
    }
    CU_ASSERT(broken == 0 && sent > ROUNDS / 20);
}

void hostile_suite(void)
{
    static const struct test TESTS[] = {
        {"M2, S7: every prefix of valid packets", every_prefix},
        {"M2, M3, S7: 120,000 mutated packets", mutations},
        {"M2, M3, S7: 120,000 packets of noise", noise},
    };
    TEST_SUITE("hostile", TESTS);
}
