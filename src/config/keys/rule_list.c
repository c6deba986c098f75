/* Which flows may begin. How the keys of a rule are read: rule_keys.c. */
#include "print_list.h"
#include "quote.h"
#include "rule_keys.h"
#include <stdlib.h>
#include <string.h>

static bool has_name(const void *element)
{
    return ((const struct config_rule *)element)->name != NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct config_rule *)a)->name, ((const struct config_rule *)b)->name);
}

static void tell_name(const struct entry_twins *twins, struct check *check, struct place place,
                      const void *element, struct place before)
{
    (void)twins;
    report_at(&check->report, place, "rule \"%s\" has the name of another (%s:%u); allowed: each name once",
              ((const struct config_rule *)element)->name, before.file, before.line);
}

static void check_rules(struct check *check, const struct key *key, const struct item *rules)
{
    const struct entry_kind kind = {.one = "rule",
                                    .many = "rules",
                                    .max = CONFIG_RULES_MAX,
                                    .example = "a group such as { name = \"web\"; action = \"accept\"; }",
                                    .keys = RULE_KEYS,
                                    .key_count = RULE_KEY_COUNT,
                                    .line = offsetof(struct config_rule, line),
                                    .check_pairs = rule_check_pairs};
    if (entries_read(check, key, rules, &kind))
        entries_find_twins(
            check, rules,
            &(struct entry_twins){
                .list = key->kind->list, .has = has_name, .order = by_name, .tell = tell_name});
}

/* ---- printed ---- */

static void write_version(const void *list, unsigned number, FILE *out)
{
    char text[CONFIG_VERSION_TEXT_MAX];
    fprintf(out, "\"%s\"", config_version_text(((const uint32_t *)list)[number], text));
}

static void write_text(const void *list, unsigned number, FILE *out)
{
    quote_write(out, ((char *const *)list)[number], SIZE_MAX);
}

static void print_key(const char *name, const void *list, unsigned count, print_element *write, FILE *out)
{
    if (count == 0)
        return;
    fprintf(out, "        %s = ", name);
    print_list(list, count, write, out);
    fputs(";\n", out);
}

static void print_text(const char *name, const char *text, FILE *out)
{
    print_key(name, &text, text && *text ? 1 : 0, write_text, out);
}

static void print_match(const char *name, enum config_match match, FILE *out)
{
    if (match != CONFIG_EITHER)
        fprintf(out, "        %s = %s;\n", name, match == CONFIG_YES ? "true" : "false");
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_rule *rule = element;
    (void)config;
    fputs("    {\n", out);
    print_text("name", rule->name, out);
    print_text("direction", schema_word_text(SCHEMA_DIRECTIONS, rule->direction), out);
    print_text("from_interface", rule->from_interface, out);
    print_text("to_interface", rule->to_interface, out);
    print_key("from", rule->from.list, rule->from.count, print_prefix, out);
    print_key("to", rule->to.list, rule->to.count, print_prefix, out);
    print_key("from_port", rule->from_port.list, rule->from_port.count, print_range, out);
    print_key("to_port", rule->to_port.list, rule->to_port.count, print_range, out);
    print_match("quic", rule->quic, out);
    print_match("misshapen", rule->misshapen, out);
    print_key("version", rule->version.list, rule->version.count, write_version, out);
    print_key("sni", rule->sni.list, rule->sni.count, write_text, out);
    print_key("sni_list", rule->sni_list.list, rule->sni_list.count, write_text, out);
    print_key("alpn", rule->alpn.list, rule->alpn.count, write_text, out);
    print_match("ech", rule->ech, out);
    print_match("readable", rule->readable, out);
    print_match("fast", rule->fast, out);
    print_text("action", config_action_text(rule->action), out);
    fputs("    }", out);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n", out);
}

/* ---- owned ---- */

static void copy_texts(struct own_copying *copying, struct config_texts *texts)
{
    texts->list = own_copy(copying, texts->list, &texts->count, sizeof(*texts->list));
    for (unsigned i = 0; i < texts->count; i++)
        texts->list[i] = own_text(copying, texts->list[i]);
}

static void copy_prefixes(struct own_copying *copying, struct config_prefixes *prefixes)
{
    prefixes->list = own_copy(copying, prefixes->list, &prefixes->count, sizeof(*prefixes->list));
}

static void copy_ports(struct own_copying *copying, struct config_ports *ports)
{
    ports->list = own_copy(copying, ports->list, &ports->count, sizeof(*ports->list));
}

static void copy_rule(struct own_copying *copying, struct config_rule *rule)
{
    struct config_versions *version = &rule->version;
    rule->name = own_text(copying, rule->name);
    copy_prefixes(copying, &rule->from);
    copy_prefixes(copying, &rule->to);
    copy_ports(copying, &rule->from_port);
    copy_ports(copying, &rule->to_port);
    version->list = own_copy(copying, version->list, &version->count, sizeof(*version->list));
    copy_texts(copying, &rule->sni);
    copy_texts(copying, &rule->sni_list);
    copy_texts(copying, &rule->alpn);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->rule_count; i++)
        copy_rule(copying, &config->rules[i]);
}

static void free_texts(struct config_texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++)
        free(texts->list[i]);
    free(texts->list);
}

static void free_rule(struct config_rule *rule)
{
    free(rule->name);
    free(rule->from.list);
    free(rule->to.list);
    free(rule->from_port.list);
    free(rule->to_port.list);
    free(rule->version.list);
    free_texts(&rule->sni);
    free_texts(&rule->sni_list);
    free_texts(&rule->alpn);
}

static void release(struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->rule_count; i++)
        free_rule(&config->rules[i]);
}

const struct key_kind RULES_KIND = {.form = "a list such as ( { name = \"web\"; action = \"accept\"; } )",
                                    .late = true,
                                    .list = OWN_LIST(rules, rule_count),
                                    .check = check_rules,
                                    .print = print,
                                    .copy = copy,
                                    .release = release};
