#include "offload_entry.h"
#include <arpa/inet.h>
#include <quicward/base/share.h>
#include <string.h>

static uint32_t addr4(const struct qw_addr *addr)
{
    uint32_t word;
    memcpy(&word, addr->bytes + 12, sizeof word);
    return word;
}

struct fast_match entry_match(const struct qw_tuple *tuple)
{
    struct fast_match match = {.ipv6 = tuple->family == QW_IPV6};
    uint16_t source = htons(tuple->src.port), destination = htons(tuple->dst.port);
    if (!match.ipv6) {
        match.key.four =
            (struct fast_key4){addr4(&tuple->src.addr), addr4(&tuple->dst.addr), source, destination};
        return match;
    }
    memcpy(match.key.six.source, tuple->src.addr.bytes, sizeof match.key.six.source);
    memcpy(match.key.six.destination, tuple->dst.addr.bytes, sizeof match.key.six.destination);
    match.key.six.source_port = source;
    match.key.six.destination_port = destination;
    return match;
}

static struct qw_endpoint endpoint4(uint32_t addr, uint16_t port)
{
    struct qw_endpoint endpoint = {.port = ntohs(port)};
    memcpy(endpoint.addr.bytes + 12, &addr, sizeof addr);
    return endpoint;
}

static struct qw_endpoint endpoint6(const uint32_t addr[static 4], uint16_t port)
{
    struct qw_endpoint endpoint = {.port = ntohs(port)};
    memcpy(endpoint.addr.bytes, addr, sizeof endpoint.addr.bytes);
    return endpoint;
}

struct qw_tuple entry_tuple(const struct fast_match *match)
{
    const struct fast_key4 *four = &match->key.four;
    const struct fast_key6 *six = &match->key.six;
    if (match->ipv6)
        return (struct qw_tuple){endpoint6(six->source, six->source_port),
                                 endpoint6(six->destination, six->destination_port), QW_IPV6};
    return (struct qw_tuple){endpoint4(four->source, four->source_port),
                             endpoint4(four->destination, four->destination_port), QW_IPV4};
}

static uint8_t flags_of(const struct flow_path *path, enum flow_path_direction direction, unsigned kind)
{
    const struct nat_rewrite *rewrite = &path->ways[direction].rewrite;
    unsigned flags = kind;
    flags |= direction == FLOW_PATH_DOWN ? FAST_DOWN : 0;
    flags |= path->state == FLOW_CONFIRMED ? FAST_CONFIRMED : 0;
    flags |= path->spin.measured && direction != path->spin.client ? FAST_SERVER : 0;
    flags |= rewrite->source ? FAST_REWRITE_SOURCE : 0;
    flags |= rewrite->destination ? FAST_REWRITE_DESTINATION : 0;
    flags |= path->flags & FLOW_PATH_PUNT_LONG ? FAST_PUNT_LONG : 0;
    flags |= path->flags & FLOW_PATH_PUNT_KNOWN ? FAST_PUNT_KNOWN : 0;
    return (uint8_t)flags;
}

/* No packet is longer than 65,535 bytes: a limit beyond is none. */
static uint16_t size_of(uint32_t size_max)
{
    return size_max > UINT16_MAX ? 0 : (uint16_t)size_max;
}

struct fast_record entry_record(const struct flow_path *path, enum flow_path_direction direction,
                                uint8_t in_port, uint8_t out_port, unsigned kind)
{
    const struct flow_path_way *way = &path->ways[direction];
    const struct nat_rewrite *rewrite = &way->rewrite;
    struct fast_match match = entry_match(&way->match);
    struct fast_record record = {
        .tag = fast_tag_of(&match.key, match.ipv6),
        .udp_delta = htons(rewrite->udp_delta),
        .size_max = size_of(way->size_max),
        .place = qw_share_step(path->place),
        .in_port = in_port,
        .out_port = out_port,
        .flags = flags_of(path, direction, kind),
    };
    if (rewrite->source || rewrite->destination) {
        const struct qw_endpoint *to = rewrite->source ? &rewrite->new_source : &rewrite->new_destination;
        record.new_addr = addr4(&to->addr);
        record.new_port = htons(to->port);
    }
    return record;
}
