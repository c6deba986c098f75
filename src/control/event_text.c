/* Events as lines for people. */
#include "text.h"
#include <quicward/control.h>
#include <string.h>

#define WORD_MAX 64 /* an endpoint, a time or the word of an event, and more than any of them needs */

/* Such as "10.0.0.5:5000 -> 198.51.100.7:40000", or one of the two. */
static void print_endpoints(json_t *event, FILE *out)
{
    char text[WORD_MAX];
    bool inside = json_object_get(event, "inside"), external = json_object_get(event, "external");
    if (inside)
        fprintf(out, "  %s", control_printable(event, "inside", text, sizeof(text)));
    if (external)
        fprintf(out, "%s%s", inside ? " -> " : "  ",
                control_printable(event, "external", text, sizeof(text)));
}

static void print_event(json_t *event, FILE *out)
{
    char time[WORD_MAX], word[WORD_MAX];
    json_t *count = json_object_get(event, "count");
    fprintf(out, "%s  %-15s", control_printable(event, "time", time, sizeof(time)),
            control_printable(event, "event", word, sizeof(word)));
    print_endpoints(event, out);
    if (json_is_integer(count))
        fprintf(out, "  %" JSON_INTEGER_FORMAT " refused", json_integer_value(count));
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
