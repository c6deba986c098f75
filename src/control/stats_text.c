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
    const char *mode;
    json_int_t packets, accepted, dropped;
    if (json_unpack(stats, "{s:s,s:I,s:I,s:I}", "mode", &mode, "packets", &packets, "accepted", &accepted,
                    "dropped", &dropped) < 0)
        return false;
    char word[32];
    snprintf(word, sizeof(word), "%s", mode);
    control_make_printable(word);
    fprintf(out, "%-26s%s\n", "mode", word);
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

static bool rules(json_t *stats, FILE *out)
{
    size_t i;
    json_t *rule, *list = json_object_get(stats, "rules");
    if (!json_is_array(list))
        return false;
    json_array_foreach(list, i, rule)
    {
        const char *name;
        json_int_t hits;
        char label[80];
        if (json_unpack(rule, "{s:s,s:I}", "name", &name, "hits", &hits) < 0)
            return false;
        snprintf(label, sizeof(label), "rule %s", name);
        control_make_printable(label);
        line(out, label, hits);
    }
    return true;
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
    size_t i;
    json_t *queue, *list = json_object_get(stats, "queues");
    json_array_foreach(list, i, queue)
    {
        if (!queue_line(queue, out))
            return false;
    }
    return json_is_array(list);
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
                 hellos(stats, list) && rules(stats, list) && queues(stats, list);
    if (list)
        fclose(list);
    if (valid && text)
        fputs(text, out);
    free(text);
    json_decref(root);
    return valid && text;
}
