#include "text.h"
#include <quicward/control.h>
#include <stdlib.h>

#define N "%" JSON_INTEGER_FORMAT

/* A list of "label  value" lines; the longest label is that of a reason. */
static void line(FILE *out, const char *label, json_int_t value)
{
    fprintf(out, "%-26s" N "\n", label, value);
}

static bool packets(json_t *stats, FILE *out)
{
    char word[32];
    json_int_t packets, accepted, dropped;
    if (json_unpack(stats, "{s:I,s:I,s:I}", "packets", &packets, "accepted", &accepted, "dropped", &dropped) <
        0)
        return false;
    fprintf(out, "%-26s%s\n", "mode", control_printable(stats, "mode", word, sizeof(word)));
    line(out, "packets", packets);
    line(out, "accepted", accepted);
    line(out, "dropped", dropped);
    return true;
}

/* Monitor mode counts reasons without dropping, so they are no part of "dropped". */
static bool reasons(json_t *stats, FILE *out)
{
    const char *word;
    json_t *count, *object = json_object_get(stats, "reasons");
    if (!json_is_object(object))
        return false;
    json_object_foreach(object, word, count)
    {
        char label[32];
        snprintf(label, sizeof(label), "reason %s", word);
        control_make_printable(label);
        line(out, label, json_integer_value(count));
    }
    return true;
}

static bool flows(json_t *stats, FILE *out)
{
    json_int_t attempts, answered, known, max, created, expired, evicted, confirmed, displaced;
    if (json_unpack(stats, "{s:{s:I,s:I,s:I,s:I},s:I,s:I,s:I,s:I,s:I}", "flows", "attempts", &attempts,
                    "answered", &answered, "confirmed", &known, "max", &max, "created", &created, "expired",
                    &expired, "evicted", &evicted, "confirmed", &confirmed, "handshakes_displaced",
                    &displaced) < 0)
        return false;
    fprintf(out, "%-26s" N " of at most " N ": " N " attempts, " N " answered, " N " confirmed\n",
            "flows now", attempts + answered + known, max, attempts, answered, known);
    line(out, "flows created", created);
    line(out, "flows confirmed", confirmed);
    line(out, "flows expired", expired);
    line(out, "flows evicted", evicted);
    line(out, "handshakes displaced", displaced);
    return true;
}

static bool hellos(json_t *stats, FILE *out)
{
    json_int_t read, unreadable, held, limits, replies, refused;
    if (json_unpack(stats, "{s:{s:I,s:I,s:I,s:I,s:I,s:I}}", "hellos", "read", &read, "unreadable",
                    &unreadable, "held", &held, "limits", &limits, "replies", &replies, "replies_refused",
                    &refused) < 0)
        return false;
    fprintf(out, "%-26s" N " read, " N " unreadable; " N " packets held, " N " times to a limit\n",
            "ClientHellos", read, unreadable, held, limits);
    fprintf(out, "%-26s" N " sent, " N " kept back by their limit\n", "ICMP replies", replies, refused);
    return true;
}

static bool ptbs(json_t *stats, FILE *out)
{
    json_int_t made, refused;
    if (json_unpack(stats, "{s:I,s:I}", "ptbs", &made, "ptbs_refused", &refused) < 0)
        return false;
    fprintf(out, "%-26s" N " sent, " N " kept back by their limit\n", "PTBs", made, refused);
    return true;
}

static void external_line(json_t *address, FILE *out)
{
    const char *text = json_string_value(address);
    char word[QW_ADDR_TEXT_MAX];
    snprintf(word, sizeof(word), "%s", text ? text : "not known now");
    control_make_printable(word);
    fprintf(out, "%-26s%s\n", "external address", word);
}

/* Only mode nat has it. */
static bool nat(json_t *stats, FILE *out)
{
    size_t i;
    json_t *external, *list, *nat = json_object_get(stats, "nat");
    json_int_t mappings, ports, resting, created, removed, port, host, address;
    if (!nat)
        return true;
    if (json_unpack(nat, "{s:I,s:I,s:I,s:I,s:I,s:{s:I,s:I,s:I},s:o}", "mappings", &mappings, "ports", &ports,
                    "resting", &resting, "created", &created, "removed", &removed, "refused", "port", &port,
                    "host", &host, "address", &address, "external", &list) < 0)
        return false;
    fprintf(out, "%-26s" N " on " N " ports, " N " more ports resting\n", "mappings now", mappings, ports,
            resting);
    line(out, "mappings created", created);
    line(out, "mappings removed", removed);
    fprintf(out, "%-26s" N " without a port, " N " at the host's limit, " N " without an address\n",
            "mappings refused", port, host, address);
    json_array_foreach(list, i, external)
    {
        external_line(external, out);
    }
    return json_is_array(list);
}

/* A line for each element; false when there is no list, or an element is not as it should be. */
static bool lines(json_t *list, bool (*line_of)(json_t *element, FILE *out), FILE *out)
{
    size_t i;
    json_t *element;
    json_array_foreach(list, i, element)
    {
        if (!line_of(element, out))
            return false;
    }
    return json_is_array(list);
}

static bool throttle_line(json_t *throttle, FILE *out)
{
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
            "%-26s" N " bit/s offered, " N " passed, capacity " N "; blocks %.2f %% of flows, %.2f %% of "
            "confirmed ones; " N " packets dropped, " N " flows hit\n",
            label, offered, passed, capacity, 100 * share, 100 * confirmed, dropped, hit);
    return true;
}

/* Only where there are limits. */
static bool throttles(json_t *stats, FILE *out)
{
    json_t *list = json_object_get(stats, "throttles");
    return !list || lines(list, throttle_line, out);
}

static bool rule_line(json_t *rule, FILE *out)
{
    const char *name;
    json_int_t hits;
    char label[80];
    if (json_unpack(rule, "{s:s,s:I}", "name", &name, "hits", &hits) < 0)
        return false;
    snprintf(label, sizeof(label), "rule %s", name);
    control_make_printable(label);
    line(out, label, hits);
    return true;
}

static bool rules(json_t *stats, FILE *out)
{
    return lines(json_object_get(stats, "rules"), rule_line, out);
}

static bool queue_line(json_t *queue, FILE *out)
{
    char label[32];
    json_int_t number, packets, waiting, full, lost, overruns, rebinds, failed;
    if (json_unpack(queue, "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "number", &number, "packets", &packets,
                    "waiting", &waiting, "queue_dropped", &full, "user_dropped", &lost, "overruns", &overruns,
                    "rebinds", &rebinds, "replies_failed", &failed) < 0)
        return false;
    snprintf(label, sizeof(label), "queue " N, number);
    fprintf(out,
            "%-26s" N " packets, " N " waiting; lost " N " to a full queue, " N " to netlink; " N
            " overruns, " N " rebinds, " N " ICMP replies failed\n",
            label, packets, waiting, full, lost, overruns, rebinds, failed);
    return true;
}

static bool queues(json_t *stats, FILE *out)
{
    return lines(json_object_get(stats, "queues"), queue_line, out);
}

/* The list goes to memory first: a line that turns out wrong halfway prints nothing. */
bool control_stats_text(const char *json_line, FILE *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *list = open_memstream(&text, &len);
    json_t *root = list ? json_loads(json_line, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t *stats = json_object_get(root, "stats");
    bool valid = stats && packets(stats, list) && reasons(stats, list) && flows(stats, list) &&
                 hellos(stats, list) && ptbs(stats, list) && nat(stats, list) && throttles(stats, list) &&
                 rules(stats, list) && queues(stats, list);
    if (list)
        fclose(list);
    if (valid && text)
        fputs(text, out);
    free(text);
    json_decref(root);
    return valid && text;
}
