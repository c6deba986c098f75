#include "interfaces.h"
#include <net/if.h>
#include <string.h>

void interfaces_start(struct interfaces *interfaces, const struct config_interfaces *inside)
{
    memset(interfaces, 0, sizeof(*interfaces));
    interfaces->inside = inside;
}

static enum engine_origin ask(const struct config_interfaces *inside, uint32_t index)
{
    char name[IF_NAMESIZE];
    if (!if_indextoname(index, name))
        return ENGINE_OUTSIDE;
    for (unsigned i = 0; i < inside->count; i++)
        if (strcmp(inside->names[i], name) == 0)
            return ENGINE_INSIDE;
    return ENGINE_OUTSIDE;
}

enum engine_origin interfaces_side(struct interfaces *interfaces, uint32_t index, struct qw_time now)
{
    if (index == 0) /* the kernel did not say */
        return ENGINE_OUTSIDE;
    struct interfaces_entry *entry = &interfaces->cache[index % INTERFACES_CACHED];
    if (entry->index != index || qw_time_since(now, entry->asked) > INTERFACES_TRUST_NS)
        *entry = (struct interfaces_entry){index, ask(interfaces->inside, index), now};
    return entry->from;
}

const char *interfaces_missing(const struct config_interfaces *named)
{
    for (unsigned i = 0; i < named->count; i++)
        if (if_nametoindex(named->names[i]) == 0)
            return named->names[i];
    return NULL;
}
