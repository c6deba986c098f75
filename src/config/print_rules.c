#include "print_rules.h"
#include "print_list.h"
#include "quote.h"
#include "schema.h"

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

static void print_rule(const struct config_rule *rule, FILE *out)
{
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
    print_text("action", config_action_text(rule->action), out);
    fputs("    }", out);
}

void print_rules(const struct config *config, FILE *out)
{
    fputs("(", out);
    for (unsigned i = 0; i < config->rule_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        print_rule(&config->rules[i], out);
    }
    fputs(config->rule_count ? "\n)" : ")", out);
}

void print_groups(const struct config *config, FILE *out)
{
    fputs("{", out);
    for (unsigned i = 0; i < config->group_count; i++) {
        const struct config_group *group = &config->groups[i];
        fprintf(out, "%s    %s = ", i ? "" : "\n", group->name);
        print_list(group->prefixes.list, group->prefixes.count, print_prefix, out);
        fputs(";\n", out);
    }
    fputs("}", out);
}

void print_sni_lists(const struct config *config, FILE *out)
{
    fputs("{", out);
    for (unsigned i = 0; i < config->sni_list_count; i++) {
        fprintf(out, "%s    %s = ", i ? "" : "\n", config->sni_lists[i].name);
        quote_write(out, config->sni_lists[i].path, SIZE_MAX);
        fputs(";\n", out);
    }
    fputs("}", out);
}
