/* tests/golden/explain: each line of NAME.flows is explained as NAME.out says, with NAME.conf. */
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

#define GOLDEN(end) TEST_DATA "/golden/explain/" end

static char *explained(const struct world *world, FILE *flows)
{
    char line[1024], *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    need(out != NULL, "open_memstream");
    while (fgets(line, sizeof(line), flows)) {
        struct policy_flow flow;
        line[strcspn(line, "\n")] = '\0';
        need(policy_flow_read(world->config, line, &flow, stderr), line);
        fprintf(out, "== %s\n", line);
        policy_explain(world->policy, &flow.facts, out);
    }
    need(fclose(out) == 0, "fclose");
    return text;
}

static char *whole(const char *path)
{
    char buffer[4096], *text;
    size_t size, len;
    FILE *file = fopen(path, "r"), *out = open_memstream(&text, &size);
    need(file && out, path);
    while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
        fwrite(buffer, 1, len, out);
    need(fclose(out) == 0 && fclose(file) == 0, path);
    return text;
}

static void check_text(const char *config, const char *flows_path, const char *expected)
{
    struct world world = world_load(config);
    FILE *flows = fopen(flows_path, "r");
    need(flows != NULL, flows_path);
    char *got = explained(&world, flows), *want = whole(expected);
    if (strcmp(got, want) != 0)
        printf("\n%s", got);
    CU_ASSERT_STRING_EQUAL(got, want);
    need(fclose(flows) == 0, "fclose");
    free(got);
    free(want);
    world_end(&world);
}

static void test_text(void)
{
    check_text(GOLDEN("text.conf"), GOLDEN("text.flows"), GOLDEN("text.out"));
}

static void test_nat(void)
{
    check_text(GOLDEN("nat.conf"), GOLDEN("nat.flows"), GOLDEN("nat.out"));
    check_text(GOLDEN("nat-open.conf"), GOLDEN("nat.flows"), GOLDEN("nat-open.out"));
}

/* The name comes from a packet: it cannot write lines or colours of its own. */
static void test_hostile_name(void)
{
    struct world world = world_begin("rules = ( { name = \"r\"; sni = \"a\"; action = \"drop\"; } );");
    struct policy_flow flow;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    need(out && policy_flow_read(world.config, "1.1.1.1:1 -> 2.2.2.2:2 sni=x", &flow, stderr), "flow");
    flow.hello.sni = (struct qw_bytes){(const uint8_t *)"x\n\x1b[1m\"\xff", 8};
    policy_explain(world.policy, &flow.facts, out);
    need(fclose(out) == 0, "fclose");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the name is \"x\\x0a\\x1b[1m\\\"\\xff\"\n"));
    free(text);
    world_end(&world);
}

static const struct test TESTS[] = {
    {"F2: every reason in words", test_text},
    {"F2, N5, N11: forwards and filtering stand where default_in does", test_nat},
    {"names from packets are escaped", test_hostile_name},
};

void explain_suite(void)
{
    TEST_SUITE("policy: explain", TESTS);
}
