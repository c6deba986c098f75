/* The fast path as text. */
#include "text.h"
#include <quicward/control.h>
#include <string.h>

#define N "%" JSON_INTEGER_FORMAT

static void print_warnings(json_t *warnings, FILE *out)
{
    char text[IO_OFFLOAD_WARNING_MAX];
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        json_t *one = json_pack("{s:O}", "warning", json_array_get(warnings, i));
        fprintf(out, "                warning: %s\n", control_printable(one, "warning", text, sizeof text));
        json_decref(one);
    }
}

static bool print_link(json_t *line, FILE *out)
{
    char name[64], place[16], why[OFFLOAD_ERROR_MAX];
    json_int_t entries, fast, fast_bytes, slow, slow_bytes, dropped = 0, dropped_bytes = 0;
    if (json_unpack(line, "{s:I,s:{s:I,s:I},s:{s:I,s:I},s?{s:I,s:I}}", "entries", &entries, "fast", "packets",
                    &fast, "bytes", &fast_bytes, "slow", "packets", &slow, "bytes", &slow_bytes, "dropped",
                    "packets", &dropped, "bytes", &dropped_bytes) < 0 ||
        !json_is_string(json_object_get(line, "place")) || !json_is_string(json_object_get(line, "why")))
        return false;
    fprintf(out, "%-15s %-4s  %s\n", control_printable(line, "interface", name, sizeof name),
            control_printable(line, "place", place, sizeof place),
            control_printable(line, "why", why, sizeof why));
    fprintf(out,
            "                entries " N "   fast packets/bytes " N "/" N "   slow " N "/" N "   dropped " N
            "/" N "\n",
            entries, fast, fast_bytes, slow, slow_bytes, dropped, dropped_bytes);
    print_warnings(json_object_get(line, "warnings"), out);
    return true;
}

static void print_reasons(json_t *reasons, const char *what, FILE *out)
{
    const char *why;
    json_t *packets;
    json_object_foreach(reasons, why, packets)
    {
        if (json_integer_value(packets) > 0)
            fprintf(out, "%10" JSON_INTEGER_FORMAT "  %s: %s\n", json_integer_value(packets), what, why);
    }
}

static bool print_all(json_t *all, FILE *out)
{
    int running;
    json_int_t flows, max, waiting, put, taken, refused, unfit, paused;
    if (json_unpack(all, "{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "running", &running, "flows", &flows,
                    "flows_max", &max, "waiting", &waiting, "put", &put, "taken", &taken, "refused", &refused,
                    "unfit", &unfit, "paused", &paused) < 0)
        return false;
    if (!running)
        fprintf(out, "the fast path could not be started: the log says why\n");
    fprintf(out, N " of " N " flows go fast, " N " of them wait for an empty queue\n", flows, max, waiting);
    fprintf(out, N " put, " N " taken, " N " refused, " N " unfit, " N " paused\n", put, taken, refused,
            unfit, paused);
    print_reasons(json_object_get(all, "dropped"), "dropped", out);
    print_reasons(json_object_get(all, "left"), "left alone", out);
    return true;
}

bool control_offload_text(const char *json_line, FILE *out)
{
    json_t *line = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    json_t *all = json_object_get(line, "offload");
    bool shown = all ? print_all(all, out)
                     : json_is_string(json_object_get(line, "interface")) && print_link(line, out);
    json_decref(line);
    return shown;
}
