#include "named_links.h"
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(CONFIG_INTERFACE_NAME_MAX >= IF_NAMESIZE, "the kernel's names fit");

static int by_index(const void *a, const void *b)
{
    const struct named_link *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static void add(struct named_links *out, const struct if_nameindex *link, int entry)
{
    if (out->count == NAMED_LINKS_MAX) {
        out->too_many = true;
        return;
    }
    struct named_link *to = &out->list[out->count++];
    *to = (struct named_link){.index = link->if_index, .entry = (unsigned)entry};
    snprintf(to->name, sizeof(to->name), "%s", link->if_name);
}

bool named_links_look(const struct config_interfaces *named, struct named_links *out)
{
    struct if_nameindex *all = if_nameindex();
    out->count = 0;
    out->too_many = false;
    if (!all)
        return false;
    for (const struct if_nameindex *link = all; link->if_index != 0; link++) {
        int entry = config_interface_find(named, link->if_name);
        if (entry >= 0)
            add(out, link, entry);
    }
    if_freenameindex(all);
    qsort(out->list, out->count, sizeof(out->list[0]), by_index);
    return true;
}
