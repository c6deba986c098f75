/* Rules, groups and lists: what arrives in the struct, who owns it, and how much of it there may be. */
#include "load_text.h"
#include "same_config.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD TEST_DATA "/golden/config/good/rules.conf"

static void test_struct(void)
{
    struct loaded loaded = load_path(GOOD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    const struct config *config = loaded.config;
    CU_ASSERT_EQUAL(config->quic, CONFIG_QUIC_BLOCK);
    CU_ASSERT_EQUAL(config->default_out, CONFIG_REJECT);
    CU_ASSERT_EQUAL(config->default_in, CONFIG_ACCEPT);
    CU_ASSERT_EQUAL_FATAL(config->rule_count, 5);
    const struct config_rule *rule = &config->rules[1];
    CU_ASSERT_STRING_EQUAL(rule->name, "everything");
    CU_ASSERT_EQUAL(rule->line, 4);
    CU_ASSERT_EQUAL(rule->direction, CONFIG_OUT);
    CU_ASSERT_STRING_EQUAL(rule->from_interface, "lan1");
    CU_ASSERT_STRING_EQUAL(rule->to_interface, "wan0");
    CU_ASSERT_EQUAL(rule->from.count, 5);
    CU_ASSERT_EQUAL(rule->to.count, 2);
    CU_ASSERT_EQUAL(rule->from_port.count, 1);
    CU_ASSERT_EQUAL_FATAL(rule->to_port.count, 3);
    CU_ASSERT_EQUAL(rule->to_port.list[1].first, 8000);
    CU_ASSERT_EQUAL(rule->to_port.list[1].last, 8100);
    CU_ASSERT_EQUAL(rule->quic, CONFIG_YES);
    CU_ASSERT_EQUAL_FATAL(rule->version.count, 4);
    CU_ASSERT_EQUAL(rule->version.list[1], CONFIG_VERSION_2);
    CU_ASSERT_EQUAL(rule->sni.count, 3);
    CU_ASSERT_EQUAL(rule->sni_list.count, 2);
    CU_ASSERT_EQUAL(rule->alpn.count, 2);
    CU_ASSERT_EQUAL(rule->ech, CONFIG_NO);
    CU_ASSERT_EQUAL(rule->readable, CONFIG_YES);
    CU_ASSERT_EQUAL(rule->action, CONFIG_REJECT);
    const struct config_rule *plain = &config->rules[0];
    CU_ASSERT_EQUAL(plain->direction, CONFIG_ANY);
    CU_ASSERT_EQUAL(plain->quic, CONFIG_EITHER);
    CU_ASSERT_EQUAL(plain->from.count + plain->to_port.count + plain->version.count + plain->sni.count, 0);
    loaded_free(&loaded);
}

static void test_copy(void)
{
    struct loaded loaded = load_path(GOOD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    struct config *copy = config_copy(loaded.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    CU_ASSERT_TRUE(same_config(loaded.config, copy));
    CU_ASSERT_EQUAL(copy->rules[2].line, loaded.config->rules[2].line);
    char *want = printed(loaded.config);
    loaded_free(&loaded);
    char *got = printed(copy);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
    free(want);
    config_free(copy);
}

static void need(bool condition)
{
    if (!condition)
        abort();
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    need(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A list is looked for in the folder of the file that names it, not where the program was started. */
static void test_list_folder(void)
{
    char before[4096], folder[] = "/tmp/quicward-rules-XXXXXX", want[64];
    need(getcwd(before, sizeof(before)) && mkdtemp(folder) && chdir(folder) == 0 && mkdir("sub", 0700) == 0);
    write_file("main.conf", REQUIRED_KEYS "@include \"sub/lists.conf\"\n");
    write_file("sub/lists.conf", "sni_lists = { a = \"a.names\"; b = \"/b.names\"; c = \"../c.names\"; };\n");
    struct loaded loaded = load_path("main.conf");
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL_FATAL(loaded.config->sni_list_count, 3);
    snprintf(want, sizeof(want), "%s/sub/a.names", folder);
    CU_ASSERT_STRING_EQUAL(loaded.config->sni_lists[0].path, want);
    CU_ASSERT_STRING_EQUAL(loaded.config->sni_lists[1].path, "/b.names");
    snprintf(want, sizeof(want), "%s/sub/../c.names", folder);
    CU_ASSERT_STRING_EQUAL(loaded.config->sni_lists[2].path, want);
    loaded_free(&loaded);
    need(unlink("main.conf") == 0 && unlink("sub/lists.conf") == 0 && rmdir("sub") == 0);
    need(chdir(before) == 0 && rmdir(folder) == 0);
}

struct text {
    char *bytes;
    size_t len;
    FILE *out;
};

static void text_begin(struct text *text)
{
    text->out = open_memstream(&text->bytes, &text->len);
    need(text->out != NULL);
}

/* Loads what was written after the required keys; `messages` is all that it says. */
static void expect_text(struct text *text, const char *messages)
{
    need(fclose(text->out) == 0);
    struct loaded loaded = load_more("%s", text->bytes);
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    if (strcmp(loaded.messages, messages) != 0)
        printf("\ngot\n%.400swant\n%s", loaded.messages, messages);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
    free(text->bytes);
}

static void load_rules(unsigned count, const char *messages)
{
    struct text text;
    text_begin(&text);
    fputs("rules = (", text.out);
    for (unsigned i = 0; i < count; i++)
        fprintf(text.out, "%s\n{ name = \"r%u\"; action = \"drop\"; }", i ? "," : "", i);
    fputs(");", text.out);
    expect_text(&text, messages);
}

static void test_rule_count(void)
{
    load_rules(CONFIG_RULES_MAX, "");
    load_rules(CONFIG_RULES_MAX + 1, "x.conf:5: rules = (...) has 4097 rules: at most 4096\n");
}

static void load_named(const char *key, const char *value, unsigned count, const char *messages)
{
    struct text text;
    text_begin(&text);
    fprintf(text.out, "%s = {", key);
    for (unsigned i = 0; i < count; i++)
        fprintf(text.out, " n%u = \"%s\";", i, value);
    fputs(" };", text.out);
    expect_text(&text, messages);
}

static void test_named_counts(void)
{
    load_named("groups", "10.0.0.1", CONFIG_GROUPS_MAX, "");
    load_named("groups", "10.0.0.1", CONFIG_GROUPS_MAX + 1,
               "x.conf:5: groups = {...} has 257 groups: at most 256\n");
    load_named("sni_lists", "/x", CONFIG_SNI_LISTS_MAX, "");
    load_named("sni_lists", "/x", CONFIG_SNI_LISTS_MAX + 1,
               "x.conf:5: sni_lists = {...} has 65 lists: at most 64\n");
}

static void load_elements(const char *key, const char *element, unsigned count, const char *messages)
{
    struct text text;
    text_begin(&text);
    fprintf(text.out, "rules = ( { name = \"r\"; action = \"drop\"; %s = [", key);
    for (unsigned i = 0; i < count; i++)
        fprintf(text.out, "%s\"%s\"", i ? ", " : "", element);
    fputs("]; } );", text.out);
    expect_text(&text, messages);
}

static void test_element_counts(void)
{
    load_elements("sni", "a.example", CONFIG_LIST_MAX, "");
    load_elements("sni", "a.example", CONFIG_LIST_MAX + 1,
                  "x.conf:5: rule \"r\": sni = [...] is too long with 257 elements: at most 256\n");
    load_elements("to_port", "443", CONFIG_LIST_MAX + 1,
                  "x.conf:5: rule \"r\": to_port = [...] is too long with 257 elements: at most 256\n");
    load_elements("from", "10.0.0.1", CONFIG_PREFIXES_MAX, "");
    load_elements("from", "10.0.0.1", CONFIG_PREFIXES_MAX + 1,
                  "x.conf:5: rule \"r\": from = [...] is too long with 4097 elements: at most 4096\n");
}

/* Each group names the one before twice: 2^13 addresses are one doubling too many. */
static void test_group_bomb(void)
{
    struct text text;
    text_begin(&text);
    fputs("groups = { g0 = \"10.0.0.1\";\n", text.out);
    for (unsigned i = 1; i <= 13; i++)
        fprintf(text.out, "g%u = [\"@g%u\", \"@g%u\"];\n", i, i - 1, i - 1);
    fputs("};", text.out);
    expect_text(&text, "x.conf:18: groups.g13: \"@g12\" makes this 8192 addresses: at most 4096\n");
}

static void test_total(void)
{
    struct text text;
    text_begin(&text);
    fputs("groups = { g = [\"10.0.0.1\"", text.out);
    for (unsigned i = 1; i < 4096; i++)
        fputs(", \"10.0.0.1\"", text.out);
    fputs("]; };\nrules = (", text.out);
    for (unsigned i = 1; i <= 33; i++)
        fprintf(text.out, "%s\n{ name = \"r%u\"; from = \"@g\"; action = \"drop\"; }", i > 1 ? "," : "", i);
    fputs(");", text.out);
    expect_text(&text,
                "x.conf:38: rule \"r32\": from = \"@g\" is one too many: at most 131072 addresses in all "
                "rules and groups\n");
}

/* A circle through many groups is told in one line that stays readable. */
static void test_long_circle(void)
{
    struct text text;
    text_begin(&text);
    fputs("groups = {", text.out);
    for (unsigned i = 0; i < 200; i++)
        fprintf(text.out, " g%u = \"@g%u\";", i, (i + 1) % 200);
    fputs(" };", text.out);
    need(fclose(text.out) == 0);
    struct loaded loaded = load_more("%s", text.bytes);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "groups.g199 = \"@g0\" goes in a circle: g0 -> g1 -> g2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, " -> ... -> g0\n"));
    CU_ASSERT(strlen(loaded.messages) < 400);
    loaded_free(&loaded);
    free(text.bytes);
}

static const struct test TESTS[] = {
    {"F2: every key of a rule arrives in the struct", test_struct},
    {"a copy shares nothing with what it was made from", test_copy},
    {"lists are found from the folder of the file that names them", test_list_folder},
    {"S3: at most 4096 rules", test_rule_count},
    {"S3: at most 256 groups and 64 lists", test_named_counts},
    {"S3: lists of a rule are bounded", test_element_counts},
    {"S3: groups in groups cannot multiply without bound", test_group_bomb},
    {"S3: addresses of all rules are bounded", test_total},
    {"a circle of many groups is told in short", test_long_circle},
};

void register_rules(void)
{
    TEST_SUITE("config: rules", TESTS);
}
