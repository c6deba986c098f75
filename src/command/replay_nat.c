#include "replay_nat.h"
#include <quicward/packet.h>
#include <search.h>
#include <stdlib.h>

#define CHUNK 64

static const uint8_t DUMMY[4] = {192, 0, 0, 8};

struct mapping {
    struct qw_endpoint inside, external;
};

static int compare(const void *a, const void *b)
{
    const struct mapping *one = a, *two = b;
    return qw_endpoint_compare(&one->inside, &two->inside);
}

static struct mapping *find(const struct replay_nat *nat, const struct qw_endpoint *inside)
{
    const struct mapping key = {.inside = *inside};
    struct mapping *const *node = tfind(&key, &nat->mappings, compare);
    return node ? *node : NULL;
}

static void add(struct replay_nat *nat, const struct qw_endpoint *inside, const struct qw_endpoint *external)
{
    struct mapping *mapping = find(nat, inside);
    if (!mapping && (mapping = malloc(sizeof *mapping))) {
        mapping->inside = *inside;
        if (!tsearch(mapping, &nat->mappings, compare)) {
            free(mapping);
            mapping = NULL;
        }
    }
    nat->failed |= !mapping;
    if (mapping)
        mapping->external = *external;
}

static void end(struct replay_nat *nat, const struct qw_endpoint *inside)
{
    struct mapping *mapping = find(nat, inside);
    if (mapping)
        tdelete(mapping, &nat->mappings, compare);
    free(mapping);
}

void replay_nat_begin(struct replay_nat *nat, const struct config *config, struct engine *engine)
{
    struct qw_addr dummy = qw_addr_v4(DUMMY);
    for (unsigned i = 0; config->external_auto && i < config->external_count; i++)
        engine_set_external_of(engine, i, &dummy, (struct qw_time){0});
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        struct qw_endpoint to = forward->to,
                           at = {config->external_auto ? dummy : config->external[forward->external],
                                 forward->port};
        for (unsigned n = config_forward_ports(forward); n > 0; n--, to.port++, at.port++)
            add(nat, &to, &at);
    }
}

void replay_nat_follow(struct replay_nat *nat, struct engine *engine)
{
    struct engine_event events[CHUNK];
    size_t count;
    while ((count = engine_events(engine, &nat->after, events, CHUNK)) > 0)
        for (size_t i = 0; i < count; i++) {
            if (events[i].kind == ENGINE_EVENT_MAPPING_CREATED)
                add(nat, &events[i].inside, &events[i].external);
            else if (events[i].kind == ENGINE_EVENT_MAPPING_REMOVED)
                end(nat, &events[i].inside);
        }
}

/* An error from outside quotes what its receiver sent. */
static void readdress_error(const struct replay_nat *nat, uint8_t *packet, const struct packet_view *view)
{
    const struct mapping *mapping = find(nat, &view->icmp.quote.tuple.src);
    if (view->icmp.quote.is_udp && mapping)
        nat_rewrite_error(packet, view, NULL, &mapping->external.addr, &mapping->external, NULL);
}

void replay_nat_readdress(const struct replay_nat *nat, uint8_t *packet, size_t captured, uint32_t wire_len)
{
    struct packet_view view;
    if (packet_decode(packet, captured, wire_len, &view) != QW_OK || view.family != QW_IPV4)
        return;
    if (view.kind == PACKET_ICMP_ERROR)
        readdress_error(nat, packet, &view);
    const struct mapping *mapping = view.kind == PACKET_UDP ? find(nat, &view.tuple.dst) : NULL;
    if (mapping) {
        struct nat_rewrite rewrite = nat_rewrite_of(&view.tuple, NULL, &mapping->external);
        nat_rewrite_udp(packet, &view, &rewrite);
    }
}

void replay_nat_free(struct replay_nat *nat)
{
    tdestroy(nat->mappings, free);
}
