/* What the records of a store look like: written into each file, so that a later program finds its fields. */
#include "life.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOW(member) STORE_FIELD("flows", struct flow, member)
#define FLOW_KEY(name, member)                                                                               \
    {                                                                                                        \
        "flows", name, (uint32_t)offsetof(struct flow, key.member),                                          \
            (uint32_t)sizeof(((struct flow *)0)->key.member)                                                 \
    }

/* The private fields of a flow have no name here: who takes records over makes them anew. */
static const struct store_field FLOWS[] = {
    {"flows", "", 0, sizeof(struct flow)},
    FLOW(id),
    FLOW_KEY("addr", addr),
    FLOW_KEY("port", port),
    FLOW_KEY("family", family),
    FLOW(state),
    FLOW(flags),
    FLOW(version),
    FLOW(rule),
    FLOW(class),
    FLOW(marks),
    FLOW(last_seen_ns),
    FLOW(packets),
    FLOW(bytes),
    FLOW(ce),
    FLOW(external),
};

#define FLOW_FIELDS (sizeof(FLOWS) / sizeof(FLOWS[0]))

/* A record that is one field. */
static unsigned add_whole(const struct store_part *part, struct store_field *out)
{
    for (unsigned i = 0; i < 2; i++) {
        out[i] = (struct store_field){.size = part->record_size};
        memcpy(out[i].record, part->name, sizeof(part->name));
    }
    snprintf(out[1].name, sizeof out[1].name, "all");
    return 2;
}

unsigned engine_fields(struct store_field out[static STORE_FIELDS_MAX])
{
    const struct store_part rules = rule_ids_part();
    struct store_part nat[NAT_PARTS];
    unsigned count = FLOW_FIELDS;
    memcpy(out, FLOWS, sizeof(FLOWS));
    count += add_whole(&rules, out + count);
    nat_parts(1, nat);
    for (unsigned i = 0; i < NAT_PARTS; i++)
        count += add_whole(&nat[i], out + count);
    return count;
}

/* Layout 1 had the records of layout 2, and told nothing of them. */
enum qw_error engine_adapt(const struct store *from, struct store **out)
{
    struct store_field fields[STORE_FIELDS_MAX];
    const struct store_form form = {fields, engine_fields(fields)};
    return store_adapt(from, &form, &form, out);
}
