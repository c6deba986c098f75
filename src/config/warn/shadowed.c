/* Rules behind one that matches all that they match: the first match decides, so they decide nothing. A rule
 * that only several others together leave nothing is not found. */
#include "interface.h"
#include "warn.h"
#include <string.h>
#include <strings.h>

/* Comparisons of list elements in all. A file for which that is not enough has more rules than anybody wrote
 * by hand. */
#define WORK_MAX 20000000u

struct shadow {
    struct check *check;
    uint64_t work;
};

static bool match_covers(enum config_match earlier, enum config_match later)
{
    return earlier == CONFIG_EITHER || earlier == later;
}

static bool name_covers(const char *earlier, const char *later)
{
    return *earlier == '\0' || config_interface_covers(earlier, later);
}

static bool prefix_in(const struct qw_prefix *later, const struct qw_prefix *earlier)
{
    return later->family == earlier->family && later->bits >= earlier->bits &&
           qw_prefix_contains(earlier, &later->addr, later->family);
}

static bool prefixes_cover(struct shadow *shadow, const struct config_prefixes *earlier,
                           const struct config_prefixes *later)
{
    if (earlier->count == 0)
        return true;
    for (unsigned i = 0; i < later->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < earlier->count && !found; k++, shadow->work++)
            found = prefix_in(&later->list[i], &earlier->list[k]);
        if (!found)
            return false;
    }
    return later->count > 0;
}

static bool ports_cover(struct shadow *shadow, const struct config_ports *earlier,
                        const struct config_ports *later)
{
    if (earlier->count == 0)
        return true;
    for (unsigned i = 0; i < later->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < earlier->count && !found; k++, shadow->work++)
            found = earlier->list[k].first <= later->list[i].first &&
                    later->list[i].last <= earlier->list[k].last;
        if (!found)
            return false;
    }
    return later->count > 0;
}

static bool versions_cover(struct shadow *shadow, const struct config_versions *earlier,
                           const struct config_versions *later)
{
    if (earlier->count == 0)
        return true;
    for (unsigned i = 0; i < later->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < earlier->count && !found; k++, shadow->work++)
            found = earlier->list[k] == later->list[i];
        if (!found)
            return false;
    }
    return later->count > 0;
}

static bool text_in(struct shadow *shadow, const char *text, const struct config_texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++, shadow->work++)
        if (strcmp(texts->list[i], text) == 0)
            return true;
    return false;
}

/* The client offers one of `later`, so one of `earlier`. */
static bool texts_cover(struct shadow *shadow, const struct config_texts *earlier,
                        const struct config_texts *later)
{
    if (earlier->count == 0)
        return true;
    for (unsigned i = 0; i < later->count; i++)
        if (!text_in(shadow, later->list[i], earlier))
            return false;
    return later->count > 0;
}

/* "www.example.org", ".example.org", "*.example.org": see config_host_name. */
static bool host_in(const char *later, const char *earlier)
{
    const char *name = later + (*later == '*') + (later[*later == '*'] == '.');
    const char *base = earlier + (*earlier == '*') + (earlier[*earlier == '*'] == '.');
    size_t len = strlen(name), base_len = strlen(base);
    len -= len > 0 && name[len - 1] == '.';
    base_len -= base_len > 0 && base[base_len - 1] == '.';
    if (len < base_len || strncasecmp(name + len - base_len, base, base_len) != 0)
        return false;
    bool same = len == base_len;
    bool below = !same && name[len - base_len - 1] == '.';
    if (same && *later == '*')
        return *earlier == '*' || *earlier == '.';
    if (same && *later == '.')
        return *earlier == '.';
    if (same)
        return *earlier != '*';
    return below && (*earlier == '*' || *earlier == '.');
}

static bool hosts_cover(struct shadow *shadow, const struct config_texts *earlier,
                        const struct config_texts *later)
{
    for (unsigned i = 0; i < later->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < earlier->count && !found; k++, shadow->work++)
            found = host_in(later->list[i], earlier->list[k]);
        if (!found)
            return false;
    }
    return true;
}

/* `sni` and `sni_list` of a rule are one set. Lists are compared by name: their files may change. */
static bool names_cover(struct shadow *shadow, const struct config_rule *earlier,
                        const struct config_rule *later)
{
    if (earlier->sni.count + earlier->sni_list.count == 0)
        return true;
    if (later->sni.count + later->sni_list.count == 0)
        return false;
    for (unsigned i = 0; i < later->sni_list.count; i++)
        if (!text_in(shadow, later->sni_list.list[i], &earlier->sni_list))
            return false;
    return hosts_cover(shadow, &earlier->sni, &later->sni);
}

static bool has_names(const struct config_rule *rule)
{
    return rule->sni.count || rule->sni_list.count;
}

/* What follows from other keys: whoever asks for a name asks for QUIC that is readable. */
static enum config_match quic_of(const struct config_rule *rule)
{
    bool asks = rule->version.count || has_names(rule) || rule->alpn.count || rule->ech != CONFIG_EITHER ||
                rule->readable != CONFIG_EITHER;
    return asks ? CONFIG_YES : rule->quic;
}

static enum config_match readable_of(const struct config_rule *rule)
{
    return has_names(rule) ? CONFIG_YES : rule->readable;
}

/* An interface of one side says where the flow begins. */
static enum config_direction direction_of(const struct config *config, const struct config_rule *rule)
{
    bool from_in = interface_in(&config->inside, rule->from_interface);
    bool from_out = interface_in(&config->outside, rule->from_interface);
    if (rule->direction != CONFIG_ANY || from_in == from_out)
        return rule->direction;
    return from_in ? CONFIG_OUT : CONFIG_IN;
}

static bool sides_cover(const struct config *config, const struct config_rule *earlier,
                        const struct config_rule *later)
{
    enum config_direction direction = direction_of(config, later);
    return (earlier->direction == CONFIG_ANY || earlier->direction == direction) &&
           name_covers(earlier->from_interface, later->from_interface) &&
           name_covers(earlier->to_interface, later->to_interface);
}

static bool contents_cover(struct shadow *shadow, const struct config_rule *earlier,
                           const struct config_rule *later)
{
    return match_covers(earlier->quic, quic_of(later)) &&
           match_covers(earlier->misshapen, later->misshapen) && match_covers(earlier->ech, later->ech) &&
           match_covers(earlier->readable, readable_of(later)) &&
           versions_cover(shadow, &earlier->version, &later->version) &&
           texts_cover(shadow, &earlier->alpn, &later->alpn) && names_cover(shadow, earlier, later);
}

/* The cheap comparisons come first. */
static bool covers(struct shadow *shadow, const struct config_rule *earlier, const struct config_rule *later)
{
    shadow->work++;
    return sides_cover(shadow->check->config, earlier, later) && contents_cover(shadow, earlier, later) &&
           ports_cover(shadow, &earlier->to_port, &later->to_port) &&
           ports_cover(shadow, &earlier->from_port, &later->from_port) &&
           prefixes_cover(shadow, &earlier->from, &later->from) &&
           prefixes_cover(shadow, &earlier->to, &later->to);
}

static void look_before(struct shadow *shadow, unsigned number)
{
    const struct config *config = shadow->check->config;
    const struct config_rule *rule = &config->rules[number];
    for (unsigned i = 0; i < number && shadow->work < WORK_MAX; i++) {
        const struct config_rule *earlier = &config->rules[i];
        if (!covers(shadow, earlier, rule))
            continue;
        struct place place = warn_rule_place(shadow->check, i);
        warn_at(shadow->check, warn_rule_place(shadow->check, number),
                "rule \"%s\" never matches: rule \"%s\" (%s:%u) matches all packets that it would match",
                rule->name, earlier->name, place.file, place.line);
        return;
    }
}

void warn_shadowed_rules(struct check *check)
{
    struct shadow shadow = {.check = check};
    for (unsigned i = 0; i < check->config->rule_count; i++)
        look_before(&shadow, i);
    if (shadow.work >= WORK_MAX)
        warn_at(check, warn_rule_place(check, 0),
                "there are too many rules to compare all of them: some that never "
                "match may not be named");
}
