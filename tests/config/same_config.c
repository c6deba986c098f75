#include "same_config.h"
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a != b && strcmp(a, b) == 0;
}

static bool same_bytes(const void *a, const void *b, unsigned a_count, unsigned b_count, size_t size)
{
    return a_count == b_count && (a_count == 0 || (a != b && memcmp(a, b, a_count * size) == 0));
}

static bool same_texts(const struct config_texts *a, const struct config_texts *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (!same_text(a->list[i], b->list[i]))
            return false;
    return true;
}

static bool same_prefixes(const struct config_prefixes *a, const struct config_prefixes *b)
{
    if (a->count != b->count || (a->count && a->list == b->list))
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->list[i].family != b->list[i].family || a->list[i].bits != b->list[i].bits ||
            !qw_addr_equal(&a->list[i].addr, &b->list[i].addr))
            return false;
    return true;
}

static bool same_ports(const struct config_ports *a, const struct config_ports *b)
{
    return same_bytes(a->list, b->list, a->count, b->count, sizeof(*a->list));
}

static bool same_rule(const struct config_rule *a, const struct config_rule *b)
{
    return same_text(a->name, b->name) && a->direction == b->direction &&
           strcmp(a->from_interface, b->from_interface) == 0 &&
           strcmp(a->to_interface, b->to_interface) == 0 && same_prefixes(&a->from, &b->from) &&
           same_prefixes(&a->to, &b->to) && same_ports(&a->from_port, &b->from_port) &&
           same_ports(&a->to_port, &b->to_port) && a->quic == b->quic &&
           same_bytes(a->version.list, b->version.list, a->version.count, b->version.count,
                      sizeof(*a->version.list)) &&
           same_texts(&a->sni, &b->sni) && same_texts(&a->sni_list, &b->sni_list) &&
           same_texts(&a->alpn, &b->alpn) && a->misshapen == b->misshapen && a->ech == b->ech &&
           a->readable == b->readable && a->fast == b->fast && a->action == b->action;
}

static bool same_lists(const struct config *a, const struct config *b)
{
    if (a->rule_count != b->rule_count || a->group_count != b->group_count ||
        a->sni_list_count != b->sni_list_count)
        return false;
    for (unsigned i = 0; i < a->rule_count; i++)
        if (!same_rule(&a->rules[i], &b->rules[i]))
            return false;
    for (unsigned i = 0; i < a->group_count; i++)
        if (!same_text(a->groups[i].name, b->groups[i].name) ||
            !same_prefixes(&a->groups[i].prefixes, &b->groups[i].prefixes))
            return false;
    for (unsigned i = 0; i < a->sni_list_count; i++)
        if (!same_text(a->sni_lists[i].name, b->sni_lists[i].name) ||
            !same_text(a->sni_lists[i].path, b->sni_lists[i].path))
            return false;
    return true;
}

static bool same_forwards(const struct config *a, const struct config *b)
{
    if (a->forward_count != b->forward_count || (a->forward_count && a->forwards == b->forwards))
        return false;
    for (unsigned i = 0; i < a->forward_count; i++)
        if (a->forwards[i].external != b->forwards[i].external ||
            a->forwards[i].port != b->forwards[i].port || a->forwards[i].last != b->forwards[i].last ||
            qw_endpoint_compare(&a->forwards[i].to, &b->forwards[i].to) != 0)
            return false;
    return true;
}

static bool same_throttles(const struct config *a, const struct config *b)
{
    if (a->throttle_count != b->throttle_count || (a->throttle_count && a->throttles == b->throttles))
        return false;
    for (unsigned i = 0; i < a->throttle_count; i++)
        if (!same_text(a->throttles[i].interface, b->throttles[i].interface) ||
            a->throttles[i].direction != b->throttles[i].direction ||
            a->throttles[i].capacity != b->throttles[i].capacity)
            return false;
    return true;
}

static bool same_size_limits(const struct config *a, const struct config *b)
{
    if (a->size_limit_count != b->size_limit_count ||
        (a->size_limit_count && a->size_limits == b->size_limits))
        return false;
    for (unsigned i = 0; i < a->size_limit_count; i++)
        if (!same_text(a->size_limits[i].interface, b->size_limits[i].interface) ||
            a->size_limits[i].traffic != b->size_limits[i].traffic ||
            a->size_limits[i].limit != b->size_limits[i].limit)
            return false;
    return true;
}

static bool same_peers(const struct config *a, const struct config *b)
{
    if (a->cluster_peer_count != b->cluster_peer_count ||
        (a->cluster_peer_count && a->cluster_peers == b->cluster_peers))
        return false;
    for (unsigned i = 0; i < a->cluster_peer_count; i++)
        if (!same_text(a->cluster_peers[i].router, b->cluster_peers[i].router) ||
            !same_text(a->cluster_peers[i].store, b->cluster_peers[i].store) ||
            a->cluster_peers[i].mark != b->cluster_peers[i].mark)
            return false;
    return true;
}

static bool same_owners(const struct config *a, const struct config *b)
{
    if (a->cluster_owner_count != b->cluster_owner_count ||
        (a->cluster_owner_count && a->cluster_owners == b->cluster_owners))
        return false;
    for (unsigned i = 0; i < a->cluster_owner_count; i++) {
        const struct config_owner *x = &a->cluster_owners[i], *y = &b->cluster_owners[i];
        if (x->has_address != y->has_address || !qw_addr_equal(&x->address, &y->address) ||
            x->family != y->family || x->prefix_count != y->prefix_count ||
            x->router_count != y->router_count || memcmp(x->routers, y->routers, x->router_count) != 0)
            return false;
        for (unsigned n = 0; n < x->prefix_count; n++)
            if (!qw_addr_equal(&x->prefixes[n].addr, &y->prefixes[n].addr) ||
                x->prefixes[n].family != y->prefixes[n].family || x->prefixes[n].bits != y->prefixes[n].bits)
                return false;
    }
    return true;
}

bool same_config(const struct config *a, const struct config *b)
{
    struct config x = *a, y = *b;
    x.groups = y.groups = NULL;
    x.sni_lists = y.sni_lists = NULL;
    x.rules = y.rules = NULL;
    x.nat_ports.list = y.nat_ports.list = NULL;
    x.nat_exclude.list = y.nat_exclude.list = NULL;
    x.nat_except.list = y.nat_except.list = NULL;
    x.forwards = y.forwards = NULL;
    x.places = y.places = NULL;
    x.throttles = y.throttles = NULL;
    x.size_limits = y.size_limits = NULL;
    x.cluster_peers = y.cluster_peers = NULL;
    x.cluster_owners = y.cluster_owners = NULL;
    return memcmp(&x, &y, sizeof(x)) == 0 && same_lists(a, b) && same_ports(&a->nat_ports, &b->nat_ports) &&
           same_ports(&a->nat_exclude, &b->nat_exclude) && same_prefixes(&a->nat_except, &b->nat_except) &&
           same_forwards(a, b) && same_throttles(a, b) && same_size_limits(a, b) && same_peers(a, b) &&
           same_owners(a, b);
}
