/* Random rules and flows: policy_decide against the naive reading of the same rules. */
#include "naive.h"
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIGS = 400, FLOWS = 250, RULES_MOST = 6 };

static const struct naive_list LISTS[] = {
    {"l0", {"a.example", ".b.example", NULL}}, {"l1", {"*.example", "c", NULL}}, {NULL, {NULL}}};

static uint64_t state;

/* xorshift64*: the same flows in every run. */
static unsigned any(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static const char *pick(const char *const *from, unsigned count)
{
    return from[any(count)];
}
#define PICK(from) pick(from, sizeof(from) / sizeof((from)[0]))

static const char *const PREFIXES[] = {"10.0.0.0/8", "10.1.0.0/16",        "10.1.2.0/24",   "10.1.2.3",
                                       "0.0.0.0/0",  "10.1.2.128/25",      "2001:db8::/32", "2001:db8::1",
                                       "::/0",       "2001:db8:8000::/33", "@both"};
static const char *const PORTS[] = {"443", "53", "1-100", "400-500", "443-444"};
static const char *const VERSIONS[] = {"v1", "v2", "0x1a2a3a4a"};
static const char *const NAMES[] = {"a.example", ".b.example", "*.example", "x.a.example", ".example", "c"};
static const char *const ALPNS[] = {"h3", "doq", "hq"};
static const char *const LIST_NAMES[] = {"l0", "l1"};
static const char *const ACTIONS[] = {"accept", "drop", "reject"};

/* KEY = one of `from` or a list of up to three of them. */
static void write_list(FILE *out, const char *key, const char *const *from, unsigned count)
{
    unsigned elements = 1 + any(3);
    fprintf(out, "%s = [", key);
    for (unsigned i = 0; i < elements; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : "", pick(from, count));
    fputs("]; ", out);
}
#define WRITE(out, key, from) write_list(out, key, from, sizeof(from) / sizeof((from)[0]))

static void write_content(FILE *out)
{
    if (any(8) == 0) {
        fputs("quic = false; ", out);
        return;
    }
    if (any(4) == 0)
        fputs("quic = true; ", out);
    if (any(4) == 0)
        WRITE(out, "from_port", PORTS);
    bool nameless = any(8) == 0;
    if (nameless || any(8) == 0)
        fprintf(out, "readable = %s; ", nameless ? "false" : "true");
    if (!nameless && any(3) == 0)
        WRITE(out, "sni", NAMES);
    if (!nameless && any(5) == 0)
        WRITE(out, "sni_list", LIST_NAMES);
    if (any(5) == 0)
        WRITE(out, "alpn", ALPNS);
    if (any(6) == 0)
        fprintf(out, "ech = %s; ", any(2) ? "true" : "false");
}

static void write_rule(FILE *out, unsigned number)
{
    fprintf(out, "%s{ name = \"r%u\"; ", number ? ",\n" : "", number);
    if (any(4) == 0)
        fprintf(out, "direction = \"%s\"; ", any(2) ? "out" : "in");
    else if (any(4) == 0)
        fprintf(out, "from_interface = \"%s\"; ", any(2) ? "lan0" : "wan0");
    if (any(3) == 0)
        WRITE(out, "from", PREFIXES);
    else if (any(3) == 0)
        WRITE(out, "to", PREFIXES);
    if (any(3) == 0)
        WRITE(out, "to_port", PORTS);
    if (any(8) == 0)
        fprintf(out, "misshapen = %s; ", any(2) ? "true" : "false");
    if (any(5) == 0)
        WRITE(out, "version", VERSIONS);
    else
        write_content(out);
    fprintf(out, "action = \"%s\"; }", PICK(ACTIONS));
}

static void write_config(FILE *out, const char *const *lists)
{
    static const char *const QUIC[] = {"inspect", "inspect", "inspect", "bypass", "block"};
    unsigned rules = any(RULES_MOST + 1);
    fprintf(out, "quic = \"%s\"; default_out = \"%s\"; default_in = \"%s\";\n", PICK(QUIC), PICK(ACTIONS),
            PICK(ACTIONS));
    fprintf(out, "groups = { both = [\"10.1.0.0/17\", \"2001:db8:1::/48\"]; };\n");
    fprintf(out, "sni_lists = { l0 = \"%s\"; l1 = \"%s\"; };\nrules = (", lists[0], lists[1]);
    for (unsigned i = 0; i < rules; i++)
        write_rule(out, i);
    fputs(");\n", out);
}

static void write_flow(FILE *out)
{
    static const char *const V4[] = {"10.1.2.3", "10.1.2.200", "10.1.200.1", "10.9.9.9", "192.0.2.1"};
    static const char *const V6[] = {"[2001:db8::1]", "[2001:db8:1::9]", "[2001:db8:8000::1]", "[fe80::1]"};
    static const char *const SIDES[] = {"lan0 ", "lan1 ", "wan0 ", "inside ", "outside ", ""};
    static const char *const FLOW_PORTS[] = {"443", "53", "100", "101", "444", "500", "65535"};
    static const char *const SNIS[] = {
        "a.example", "A.Example.", "x.b.example", "b.example", "x.a.example",  "example",
        "c",         "",           "x.c",         "bexample",  "q.r.s.example"};
    bool v6 = any(3) == 0;
    fprintf(out, "%s%s:%s -> ", PICK(SIDES), v6 ? PICK(V6) : PICK(V4), PICK(FLOW_PORTS));
    fprintf(out, "%s:%s", v6 ? PICK(V6) : PICK(V4), PICK(FLOW_PORTS));
    unsigned kind = any(6);
    if (kind > 0)
        fprintf(out, " misshapen=%s version=%s", any(4) ? "no" : "yes", any(3) ? "v1" : PICK(VERSIONS));
    if (kind == 1)
        fputs(" hello=unreadable", out);
    if (kind > 2)
        fprintf(out, " sni=%s alpn=%s,%s ech=%s", PICK(SNIS), PICK(ALPNS), PICK(ALPNS),
                any(2) ? "yes" : "no");
}

/* A memory stream that starts anew for each text. */
static char *written(void (*write)(FILE *out, const char *const *lists), const char *const *lists,
                     size_t *len)
{
    char *text;
    FILE *out = open_memstream(&text, len);
    need(out != NULL, "open_memstream");
    if (write)
        write(out, lists);
    else
        write_flow(out);
    need(fclose(out) == 0, "fclose");
    return text;
}

struct counts {
    unsigned waits, by_rule, by_content, actions[3];
};

static void compare(const struct world *world, struct counts *counts, const char *config_text)
{
    size_t len;
    struct policy_flow flow;
    char *text = written(NULL, NULL, &len);
    need(policy_flow_read(world->config, text, &flow, stderr), text);
    struct policy_decision got = policy_decide(world->policy, &flow.facts);
    struct policy_decision want = naive_decide(world->config, LISTS, &flow.facts);
    bool same = got.needs_hello == want.needs_hello &&
                (got.needs_hello || (got.action == want.action && got.rule == want.rule)) &&
                (got.needs_hello || got.by_content == want.by_content);
    if (!same)
        printf("\n%s\n%s\ngot %d %u %d %d, want %d %u %d %d\n", config_text, text, got.action, got.rule,
               got.by_content, got.needs_hello, want.action, want.rule, want.by_content, want.needs_hello);
    CU_ASSERT_TRUE_FATAL(same);
    counts->waits += got.needs_hello;
    counts->by_rule += got.rule != POLICY_NO_RULE;
    counts->by_content += got.by_content;
    counts->actions[got.action]++;
    free(text);
}

static const char *list_file(unsigned number, char out[static 64], const char *base)
{
    snprintf(out, 64, "%s.l%u", base, number);
    FILE *file = fopen(out, "w");
    need(file != NULL, out);
    for (unsigned i = 0; LISTS[number].names[i]; i++)
        fprintf(file, "%s\n", LISTS[number].names[i]);
    need(fclose(file) == 0, out);
    return out;
}

static bool loads(const char *text)
{
    char path[] = "/tmp/quicward-random-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w"), *errors = fopen("/dev/null", "w");
    struct config *config = NULL;
    need(file && errors && fprintf(file, "%s%s", WORLD_KEYS, text) > 0 && fclose(file) == 0, path);
    bool good = config_load(path, errors, &config) == QW_OK;
    config_free(config);
    need(fclose(errors) == 0 && unlink(path) == 0, path);
    return good;
}

static void one_config(const char *const *lists, struct counts *counts)
{
    size_t len;
    char *text = written(write_config, lists, &len);
    while (!loads(text)) { /* a rule that can never match is refused */
        free(text);
        text = written(write_config, lists, &len);
    }
    struct world world = world_begin(text);
    for (unsigned i = 0; i < FLOWS; i++)
        compare(&world, counts, text);
    world_end(&world);
    free(text);
}

static void test_random(void)
{
    char folder[] = "/tmp/quicward-lists-XXXXXX", base[48], files[2][64];
    struct counts counts = {0};
    state = 0x9e3779b97f4a7c15;
    need(mkdtemp(folder) != NULL, folder);
    snprintf(base, sizeof(base), "%s/names", folder);
    const char *lists[] = {list_file(0, files[0], base), list_file(1, files[1], base)};
    for (unsigned i = 0; i < CONFIGS; i++)
        one_config(lists, &counts);
    /* Every kind of outcome was there, often. */
    CU_ASSERT(counts.waits > CONFIGS);
    CU_ASSERT(counts.by_rule > CONFIGS * FLOWS / 10);
    CU_ASSERT(counts.by_content > CONFIGS * FLOWS / 10);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT(counts.actions[i] > CONFIGS * FLOWS / 20);
    need(unlink(files[0]) == 0 && unlink(files[1]) == 0 && rmdir(folder) == 0, folder);
}

static const struct test TESTS[] = {
    {"F1 F2 F5: random rules and flows decide as a naive reading does", test_random},
};

void random_suite(void)
{
    TEST_SUITE("policy: random", TESTS);
}
