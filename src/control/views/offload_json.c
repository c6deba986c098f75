/* The fast path as JSON lines: one an interface, and one about all. */
#include "text.h"
#include <quicward/control.h>
#include <string.h>

static json_t *count(const struct offload_count *count)
{
    return json_pack("{s:I,s:I}", "packets", control_count(count->packets), "bytes",
                     control_count(count->bytes));
}

static json_t *warnings(const struct io_offload *offload, const struct io_offload_link *link)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < offload->warning_count; i++)
        if (strcmp(offload->warnings[i].interface, link->name) == 0)
            json_array_append_new(array, json_string(offload->warnings[i].text));
    return array;
}

static bool write_link(const struct io_offload *offload, const struct io_offload_link *link, FILE *out)
{
    /* clang-format off */
    return control_write_line(json_pack("{s:s,s:s,s:s,s:I,s:o,s:o,s:o,s:o}",
                                        "interface", link->name,
                                        "place", link->place,
                                        "why", link->why,
                                        "entries", control_count(link->entries),
                                        "fast", count(&link->fast),
                                        "slow", count(&link->slow),
                                        "dropped", count(&link->dropped),
                                        "warnings", warnings(offload, link)), out);
    /* clang-format on */
}

/* Packets by why, from `first` to the one before `end`. */
static json_t *reasons(const struct io_offload *offload, unsigned first, unsigned end)
{
    json_t *object = json_object();
    for (unsigned i = first; i < end; i++)
        json_object_set_new(object, offload->reasons[i].text,
                            json_integer(control_count(offload->reasons[i].packets)));
    return object;
}

static json_t *all(const struct io_offload *offload)
{
    unsigned end = offload->reason_count, left = end < OFFLOAD_LEFT ? end : OFFLOAD_LEFT;
    const struct offload_stats *stats = &offload->stats;
    /* clang-format off */
    return json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}",
                     "running", offload->running,
                     "flows", control_count(stats->flows),
                     "flows_max", control_count(stats->flows_max),
                     "waiting", control_count(stats->waiting),
                     "put", control_count(stats->put),
                     "taken", control_count(stats->taken),
                     "idle", control_count(stats->idle),
                     "refused", control_count(stats->refused),
                     "unfit", control_count(stats->unfit),
                     "paused", control_count(stats->paused),
                     "dropped", reasons(offload, OFFLOAD_UNSOLICITED, left),
                     "left", reasons(offload, left, end));
    /* clang-format on */
}

bool control_offload_json(const struct io_offload *offload, FILE *out)
{
    for (unsigned i = 0; i < offload->link_count; i++)
        if (!write_link(offload, &offload->links[i], out))
            return false;
    return control_write_line(json_pack("{s:o}", "offload", all(offload)), out);
}
