/* Addresses and names as those without the right see them. */
#include "session.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

/* Of the sample trace that came with Crypto-PAn, and of implementations that extend it to IPv6. */
static const uint8_t SAMPLE[CONTROL_VEIL_KEY] = {21,  34, 23,  141, 51, 164, 207, 128, 19,  10,  91,
                                                 22,  73, 144, 125, 16, 216, 152, 143, 131, 121, 121,
                                                 101, 39, 98,  87,  76, 45,  42,  132, 34,  2};

static struct control_veil *veil_of(enum config_anonymise addresses, enum config_anonymise names)
{
    struct control_veil *veil;
    struct config config;
    config_defaults(&config);
    config.anonymise_addresses = addresses;
    config.anonymise_names = names;
    CU_ASSERT_EQUAL_FATAL(control_veil_new(&config, SAMPLE, &veil), QW_OK);
    return veil;
}

static void expect_address(const struct control_veil *veil, const char *address, const char *expected)
{
    struct qw_addr addr;
    enum qw_family family;
    char text[QW_ADDR_TEXT_MAX];
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(address, &addr, &family));
    control_veil_address(veil, &addr, family);
    CU_ASSERT_STRING_EQUAL(qw_addr_text(&addr, family, text), expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "%s: %s, not %s\n", address, text, expected);
}

static void published_vectors(void)
{
    struct control_veil *veil = veil_of(CONFIG_PSEUDONYM, CONFIG_CLEAR);
    expect_address(veil, "128.11.68.132", "135.242.180.132");
    expect_address(veil, "129.118.74.4", "134.136.186.123");
    expect_address(veil, "130.132.252.244", "133.68.164.234");
    expect_address(veil, "141.223.7.43", "141.167.8.160");
    expect_address(veil, "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed");
    expect_address(veil, "::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef");
    expect_address(veil, "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e");
    control_veil_free(veil);
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned i = 0;
    while (i < bits && ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) == 0)
        i++;
    return i;
}

/* As many first bits in common as the addresses have, for each number of bits and both families. */
static void prefixes_are_preserved(void)
{
    struct control_veil *veil = veil_of(CONFIG_PSEUDONYM, CONFIG_CLEAR);
    for (unsigned family = QW_IPV4; family <= QW_IPV6; family += 2)
        for (unsigned bit = 0, bits = family == QW_IPV4 ? 32 : 128; bit < bits; bit++) {
            struct qw_addr one = {{0}}, other;
            unsigned at = family == QW_IPV4 ? 12 : 0;
            for (unsigned i = at; i < 16; i++)
                one.bytes[i] = (uint8_t)(37 * i + 11);
            other = one;
            other.bytes[at + bit / 8] = (uint8_t)(other.bytes[at + bit / 8] ^ 0x80 >> bit % 8);
            control_veil_address(veil, &one, (enum qw_family)family);
            control_veil_address(veil, &other, (enum qw_family)family);
            CU_ASSERT_EQUAL(common_bits(one.bytes + at, other.bytes + at, bits), bit);
        }
    control_veil_free(veil);
}

static void cut_addresses(void)
{
    struct control_veil *veil = veil_of(CONFIG_CUT, CONFIG_CLEAR);
    expect_address(veil, "192.0.2.129", "192.0.2.0");
    expect_address(veil, "2001:db8:1:2:3:4:5:6", "2001:db8:1::");
    expect_address(veil, "0.0.0.0", "0.0.0.0");
    control_veil_free(veil);
    veil = veil_of(CONFIG_PSEUDONYM, CONFIG_CLEAR);
    expect_address(veil, "0.0.0.0", "0.0.0.0");
    control_veil_free(veil);
}

static const char *name_of(const struct control_veil *veil, const char *name, char out[static 256])
{
    struct engine_flow flow = {.family = QW_IPV4};
    flow.hello.sni_len = (uint8_t)strlen(name);
    memcpy(flow.hello.sni, name, strlen(name));
    control_veil_flow(veil, &flow);
    memcpy(out, flow.hello.sni, flow.hello.sni_len);
    out[flow.hello.sni_len] = '\0';
    return out;
}

static void names(void)
{
    struct control_veil *veil = veil_of(CONFIG_CLEAR, CONFIG_PSEUDONYM);
    char www[256], mail[256], upper[256], other[256], longest[256], whole[256];
    name_of(veil, "www.example.org", www);
    name_of(veil, "mail.example.org", mail);
    CU_ASSERT_EQUAL(strlen(www), 26);
    CU_ASSERT_STRING_EQUAL(www + 8, mail + 8);
    CU_ASSERT_NOT_EQUAL(strncmp(www, mail, 8), 0);
    CU_ASSERT_STRING_EQUAL(name_of(veil, "WWW.Example.Org", upper), www);
    name_of(veil, "www.example.net", other);
    CU_ASSERT_NOT_EQUAL(strncmp(www, other, 8), 0);
    CU_ASSERT_PTR_NULL(strstr(www, "example"));
    memset(longest, 'a', sizeof longest);
    for (unsigned i = 1; i < 253; i += 2)
        longest[i] = '.';
    longest[253] = '\0';
    CU_ASSERT_TRUE(strlen(name_of(veil, longest, whole)) <= TLS_NAME_MAX);
    CU_ASSERT_NOT_EQUAL(whole[0], '.');
    CU_ASSERT_STRING_EQUAL(name_of(veil, "", whole), "");
    CU_ASSERT_EQUAL(strlen(name_of(veil, "org", whole)), 8);
    control_veil_free(veil);
    veil = veil_of(CONFIG_CLEAR, CONFIG_CUT);
    CU_ASSERT_STRING_EQUAL(name_of(veil, "www.example.org", www), "");
    control_veil_free(veil);
}

static void nothing_to_hide(void)
{
    struct control_veil *veil = veil_of(CONFIG_CLEAR, CONFIG_CLEAR);
    struct engine_flow flow = {.family = QW_IPV4};
    struct engine_event event = {.kind = ENGINE_EVENT_STARTED};
    struct nat_mapping mapping = {.sessions = 1};
    CU_ASSERT_PTR_NULL(veil);
    control_veil_flow(veil, &flow);
    control_veil_event(veil, &event);
    control_veil_mapping(veil, &mapping);
    control_veil_free(veil);
}

/* ---- who sees what ---- */

static const struct qw_time NOW = {1000 * QW_NS_PER_SECOND};

static char *answer(struct world *world, struct control_veil *veil, const char *request, bool trusted)
{
    const struct session_source source = {.engine = world->engine,
                                          .handlers = {.veil = veil},
                                          .nat = true,
                                          .mappings = engine_mappings,
                                          .events = engine_events};
    struct session session = {.fd = -1, .request_len = strlen(request), .trusted = trusted};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    memcpy(session.request, request, session.request_len);
    session_write *piece = answer_request;
    for (unsigned i = 0; piece && i < 1000; i++) {
        session.next = NULL;
        CU_ASSERT_TRUE(piece(&session, &source, NOW, out));
        piece = session.next;
    }
    fclose(out);
    session_close(&session);
    return text;
}

static bool says(struct world *world, struct control_veil *veil, const char *request, bool trusted,
                 const char *what)
{
    char *text = answer(world, veil, request, trusted);
    bool found = strstr(text, what);
    free(text);
    return found;
}

/* No view gives an address away, and no filter can be asked which one it is. */
static void without_the_right(void)
{
    static const char *const REQUESTS[] = {
        "flows", "flows sort=client limit=5", "flows sort=client", "mappings", "events", "flows brief"};
    struct world world;
    struct control_veil *veil = veil_of(CONFIG_PSEUDONYM, CONFIG_CUT);
    world_make_nat(&world, 10, NOW);
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
        CU_ASSERT_TRUE(says(&world, veil, REQUESTS[i], true, "192.0.2.1:"));
        CU_ASSERT_FALSE(says(&world, veil, REQUESTS[i], false, "192.0.2.1:"));
        CU_ASSERT_FALSE(says(&world, veil, REQUESTS[i], false, "203.0.113.9"));
        CU_ASSERT_FALSE(says(&world, veil, REQUESTS[i], false, "198.51.100.7"));
    }
    CU_ASSERT_TRUE(says(&world, veil, "flows client=192.0.2.1", true, "\"client\""));
    CU_ASSERT_FALSE(says(&world, veil, "flows client=192.0.2.1", false, "\"client\""));
    CU_ASSERT_TRUE(says(&world, NULL, "flows", false, "192.0.2.1:"));
    control_veil_free(veil);
    world_end(&world);
}

static const struct test TESTS[] = {
    {"O6: the published vectors of Crypto-PAn", published_vectors},
    {"O6: pseudonyms have as many bits in common as addresses", prefixes_are_preserved},
    {"O6: addresses that are cut, and those that are not known", cut_addresses},
    {"O6: names label by label, or none", names},
    {"O6: nothing to hide", nothing_to_hide},
    {"O6: flows, mappings and events without the right to see addresses", without_the_right},
};

void suite_veil(void)
{
    TEST_SUITE("control veil", TESTS);
}
