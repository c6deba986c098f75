/* Events as lines for people. */
#include "text.h"
#include <quicward/control.h>
#include <string.h>

#define WORD_MAX 64 /* an endpoint, a time or the word of an event, and more than any of them needs */

/* Such as "10.0.0.5:5000 -> 198.51.100.7:40000", or one of the two. */
static void print_endpoints(json_t *event, const char *from, const char *to, FILE *out)
{
    char text[WORD_MAX];
    bool first = json_object_get(event, from), second = json_object_get(event, to);
    if (first)
        fprintf(out, "  %s", control_printable(event, from, text, sizeof(text)));
    if (second)
        fprintf(out, "%s%s", first ? " -> " : "  ", control_printable(event, to, text, sizeof(text)));
}

static void print_word(json_t *event, const char *key, FILE *out)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    if (json_is_string(json_object_get(event, key)))
        fprintf(out, "  %s", control_printable(event, key, text, sizeof(text)));
}

/* Of a block: ":4096-4607" behind the external address. */
static void print_ports(json_t *event, FILE *out)
{
    int first, last;
    if (json_unpack(event, "{s:[i,i]}", "ports", &first, &last) == 0)
        fprintf(out, ":%d-%d", first, last);
}

static void print_continues(json_t *event, FILE *out)
{
    json_t *older = json_object_get(event, "continues");
    if (json_is_integer(older))
        fprintf(out, "  may continue flow %" JSON_INTEGER_FORMAT, json_integer_value(older));
}

/* Most counts are of refusals. */
static const char *counted(const char *word)
{
    static const char *const OTHERS[] = {"amplification", "initials-over"};
    if (strcmp(word, "queue-full") == 0 || strcmp(word, "newcomers-dropped") == 0)
        return "dropped";
    for (unsigned i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
        if (strcmp(word, OTHERS[i]) == 0)
            return "of them";
    return "refused";
}

static void print_event(json_t *event, FILE *out)
{
    char time[WORD_MAX], word[WORD_MAX];
    json_t *count = json_object_get(event, "count");
    fprintf(out, "%s  %-15s", control_printable(event, "time", time, sizeof(time)),
            control_printable(event, "event", word, sizeof(word)));
    print_endpoints(event, "inside", "external", out);
    print_ports(event, out);
    print_endpoints(event, "client", "server", out);
    print_continues(event, out);
    print_word(event, "version", out);
    print_word(event, "reason", out);
    print_word(event, "rule", out);
    print_word(event, "text", out);
    if (json_is_integer(count))
        fprintf(out, "  %" JSON_INTEGER_FORMAT " %s", json_integer_value(count), counted(word));
    fputc('\n', out);
}

static bool is_event(json_t *object)
{
    return json_is_integer(json_object_get(object, "number")) &&
           json_is_string(json_object_get(object, "time")) &&
           json_is_string(json_object_get(object, "event"));
}

bool control_event_text(const char *json_line, FILE *out)
{
    json_t *object = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    json_t *missed = json_object_get(object, "missed");
    bool event = is_event(object), gap = json_is_integer(missed);
    if (event)
        print_event(object, out);
    else if (gap)
        fprintf(out, "%" JSON_INTEGER_FORMAT " events missed\n", json_integer_value(missed));
    json_decref(object);
    return event || gap;
}

uint64_t control_event_number(const char *json_line)
{
    json_t *object = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    json_int_t number = is_event(object) ? json_integer_value(json_object_get(object, "number")) : 0;
    json_decref(object);
    return number > 0 ? (uint64_t)number : 0;
}
