#include "text.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

#define N "%" JSON_INTEGER_FORMAT

/* What the list is made of, and where it goes. */
struct printout {
    FILE *out;
    bool all; /* lines with a zero, too */
};

/* A long label moves its value, and never runs into it. */
#define LABEL "%-25s "

/* "word  value  meaning": the word is that of JSON, metrics and manual. */
static void line(const struct printout *list, const char *word, json_int_t value, const char *meaning)
{
    if (value || list->all)
        fprintf(list->out, LABEL "%10" JSON_INTEGER_FORMAT "  %s\n", word, value, meaning);
}

static void label_line(const struct printout *list, const char *label, json_int_t value)
{
    if (value || list->all)
        fprintf(list->out, LABEL "%10" JSON_INTEGER_FORMAT "\n", label, value);
}

static bool mode(json_t *stats, const struct printout *list)
{
    char word[32];
    if (!json_is_string(json_object_get(stats, "mode")))
        return false;
    fprintf(list->out, LABEL "%s\n", "mode", control_printable(stats, "mode", word, sizeof(word)));
    return true;
}

/* Monitor mode counts reasons without dropping, so they are no part of "dropped". */
static bool reasons(json_t *stats, const struct printout *list)
{
    json_t *object = json_object_get(stats, "reasons");
    for (int i = QW_REASON_NONE + 1; i < QW_REASON_COUNT; i++) {
        char label[32];
        json_t *count = json_object_get(object, qw_reason_word((enum qw_reason)i));
        snprintf(label, sizeof(label), "reasons.%s", qw_reason_word((enum qw_reason)i));
        if (count)
            line(list, label, json_integer_value(count), qw_reason_meaning((enum qw_reason)i));
    }
    return json_is_object(object);
}

/* The value at "hellos.read"; NULL when there is none. */
static json_t *at(json_t *object, const char *word)
{
    char group[32];
    const char *dot;
    for (; (dot = strchr(word, '.')); word = dot + 1) {
        snprintf(group, sizeof(group), "%.*s", (int)(dot - word), word);
        object = json_object_get(object, group);
    }
    return json_object_get(object, word);
}

/* Without those of mode nat in other modes. */
static bool counters(json_t *stats, const struct printout *list)
{
    bool nat = json_object_get(stats, "nat");
    for (unsigned i = 0; i < QW_COUNTERS_END; i++) {
        const struct qw_counter_row *row = &QW_COUNTER_ROWS[i];
        json_t *value = at(stats, row->word);
        if (row->scope == QW_SCOPE_NAT && !nat)
            continue;
        if (!json_is_integer(value))
            return false;
        line(list, row->word, json_integer_value(value), row->meaning);
    }
    return reasons(stats, list);
}

/* A server before this one does not tell of ports. */
static void external_line(json_t *address, json_t *ports, FILE *out)
{
    const char *text = json_string_value(address);
    char word[QW_ADDR_TEXT_MAX];
    json_int_t usable, used, resting, unused;
    snprintf(word, sizeof(word), "%s", text ? text : "not known now");
    control_make_printable(word);
    fprintf(out, LABEL "%s", "external address", word);
    if (json_unpack(ports, "{s:I,s:I,s:I,s:I}", "usable", &usable, "used", &used, "resting", &resting, "free",
                    &unused) == 0)
        fprintf(out, ": " N " ports usable, " N " used, " N " resting, " N " free", usable, used, resting,
                unused);
    if (json_is_true(json_object_get(ports, "draining")))
        fputs("; removed from nat.external, stays until its last mapping ends", out);
    fputc('\n', out);
}

/* Only mode nat has some. */
static bool external(json_t *stats, const struct printout *list)
{
    size_t i;
    json_t *address, *nat = json_object_get(stats, "nat"), *addresses = json_object_get(nat, "external");
    json_array_foreach(addresses, i, address)
    {
        external_line(address, json_array_get(json_object_get(nat, "addresses"), i), list->out);
    }
    return !nat || json_is_array(addresses);
}

/* A line for each element; false when there is no list, or an element is not as it should be. */
static bool lines(json_t *elements, bool (*line_of)(json_t *element, const struct printout *list),
                  const struct printout *list)
{
    size_t i;
    json_t *element;
    json_array_foreach(elements, i, element)
    {
        if (!line_of(element, list))
            return false;
    }
    return json_is_array(elements);
}

/* A server before this one does not tell how many flows are blocked, or spared. */
static void throttle_flows(json_t *throttle, FILE *out)
{
    double small;
    json_int_t fair, blocked, spared_confirmed, spared_small;
    if (json_unpack(throttle, "{s:F,s:I,s:I,s:{s:I,s:I}}", "share_small", &small, "fair", &fair,
                    "flows_blocked", &blocked, "spared", "confirmed", &spared_confirmed, "small",
                    &spared_small) == 0)
        fprintf(out,
                "; " N " blocked now, " N " confirmed and " N " small ones spared; small: below " N
                " bit/s, %.2f %% of them blocked",
                blocked, spared_confirmed, spared_small, fair, 100 * small);
}

static bool throttle_line(json_t *throttle, const struct printout *list)
{
    FILE *out = list->out;
    char label[64], interface[32], direction[8];
    double share, confirmed;
    json_int_t capacity, offered, passed, dropped, hit;
    if (json_unpack(throttle, "{s:I,s:I,s:I,s:F,s:F,s:I,s:I}", "capacity", &capacity, "offered", &offered,
                    "passed", &passed, "share", &share, "share_confirmed", &confirmed, "dropped", &dropped,
                    "flows_hit", &hit) < 0)
        return false;
    snprintf(label, sizeof(label), "throttle %s %s",
             control_printable(throttle, "interface", interface, sizeof(interface)),
             control_printable(throttle, "direction", direction, sizeof(direction)));
    fprintf(out,
            LABEL "" N " bit/s offered, " N " passed, capacity " N "; blocks %.2f %% of flows, %.2f %% of "
                  "confirmed ones; " N " packets dropped, " N " flows hit",
            label, offered, passed, capacity, 100 * share, 100 * confirmed, dropped, hit);
    throttle_flows(throttle, out);
    fputs("\n", out);
    return true;
}

/* Only where there are limits. */
static bool throttles(json_t *stats, const struct printout *list)
{
    json_t *limits = json_object_get(stats, "throttles");
    return !limits || lines(limits, throttle_line, list);
}

static bool rule_line(json_t *rule, const struct printout *list)
{
    const char *name;
    json_int_t hits;
    char label[80];
    if (json_unpack(rule, "{s:s,s:I}", "name", &name, "hits", &hits) < 0)
        return false;
    snprintf(label, sizeof(label), "rule %s", name);
    control_make_printable(label);
    label_line(list, label, hits);
    return true;
}

static bool rules(json_t *stats, const struct printout *list)
{
    return lines(json_object_get(stats, "rules"), rule_line, list);
}

/* "queue 7400  10 packets, 1 waiting, ...": one line, since there are many queues. */
static bool queue_line(json_t *queue, const struct printout *list)
{
    FILE *out = list->out;
    char label[32];
    json_t *number = json_object_get(queue, "number");
    snprintf(label, sizeof(label), "queue " N, json_integer_value(number));
    fprintf(out, LABEL, label);
    for (unsigned i = 0; i < QW_QUEUE_COUNTERS_END; i++) {
        const char *name = qw_counter_name(&QW_QUEUE_COUNTER_ROWS[i]);
        json_t *value = json_object_get(queue, name);
        if (!json_is_integer(value))
            return false;
        if (i > 0 && !list->all && json_integer_value(value) == 0)
            continue;
        fprintf(out, "%s" N " %s", i > 0 ? ", " : "", json_integer_value(value), name);
    }
    fputc('\n', out);
    return json_is_integer(number);
}

static bool queues(json_t *stats, const struct printout *list)
{
    return lines(json_object_get(stats, "queues"), queue_line, list);
}

/* Only where the daemon keeps them. */
static bool kernel_rules(json_t *stats, const struct printout *list)
{
    FILE *out = list->out;
    char backend[16];
    int standing;
    json_int_t put_back;
    json_t *rules = json_object_get(stats, "kernel_rules");
    if (!rules)
        return true;
    if (json_unpack(rules, "{s:b,s:I}", "standing", &standing, "put_back", &put_back) < 0)
        return false;
    fprintf(out, LABEL "%s, by %s; repaired " N " times\n", "kernel rules",
            standing ? "as installed" : "NOT AS INSTALLED: the log says why",
            control_printable(rules, "backend", backend, sizeof(backend)), put_back);
    return true;
}

static bool sink_line(json_t *sink, const struct printout *list)
{
    char name[16], label[32];
    json_int_t written, lost;
    if (json_unpack(sink, "{s:I,s:I}", "written", &written, "lost", &lost) < 0)
        return false;
    snprintf(label, sizeof(label), "events to %s", control_printable(sink, "to", name, sizeof(name)));
    fprintf(list->out, LABEL N " written, " N " lost\n", label, written, lost);
    return true;
}

/* Only where there are any. */
static bool sinks(json_t *stats, const struct printout *list)
{
    json_t *sinks = json_object_get(stats, "events");
    return !sinks || lines(sinks, sink_line, list);
}

/* The list goes to memory first: a line that turns out wrong halfway prints nothing. */
bool control_stats_text(const char *json_line, bool all, FILE *out)
{
    char *text = NULL;
    size_t len = 0;
    const struct printout list = {open_memstream(&text, &len), all};
    json_t *root = list.out ? json_loads(json_line, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t *stats = json_object_get(root, "stats");
    bool valid = stats && mode(stats, &list) && counters(stats, &list) && external(stats, &list) &&
                 throttles(stats, &list) && rules(stats, &list) && queues(stats, &list) &&
                 kernel_rules(stats, &list) && sinks(stats, &list);
    if (list.out)
        fclose(list.out);
    if (valid && text)
        fputs(text, out);
    free(text);
    json_decref(root);
    return valid && text;
}
