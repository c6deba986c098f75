#include "wan_link.h"
#include "named_links.h"
#include "wan_address.h"
#include "wan_route.h"
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 16 /* of those that match a pattern: further ones are not asked for their addresses */

static bool is_zero(const struct qw_addr *addr)
{
    static const struct qw_addr NONE;
    return qw_addr_equal(addr, &NONE);
}

static void take(const struct named_link *link, const struct qw_addr *address, bool preferred,
                 struct wan_link *out)
{
    bool first = is_zero(&out->address);
    if (!first && !preferred) {
        memcpy(out->other, link->name, sizeof(out->other));
        return;
    }
    if (!first)
        memcpy(out->other, out->name, sizeof(out->other));
    memcpy(out->name, link->name, sizeof(out->name));
    out->address = *address;
}

static bool ask_all(const struct named_links *links, struct wan_link *out)
{
    unsigned preferred = links->count > 1 ? wan_route_link() : 0;
    for (unsigned i = 0; i < links->count && i < ASKED_MAX; i++) {
        const struct named_link *link = &links->list[i];
        struct qw_addr address;
        if (!wan_address_ask(link->index, &address))
            return false;
        if (!is_zero(&address))
            take(link, &address, link->index == preferred, out);
    }
    return true;
}

static bool ask_pattern(const char *named, struct wan_link *out)
{
    struct config_interfaces one = {.count = 1};
    struct named_links *links = malloc(sizeof(*links));
    snprintf(one.names[0], sizeof(one.names[0]), "%s", named);
    bool known = links && named_links_look(&one, links) && ask_all(links, out);
    free(links);
    return known;
}

bool wan_link_ask(const char *named, struct wan_link *out)
{
    *out = (struct wan_link){0};
    snprintf(out->name, sizeof(out->name), "%s", named);
    if (config_interface_is_pattern(named))
        return ask_pattern(named, out);
    return wan_address_ask(if_nametoindex(named), &out->address);
}
