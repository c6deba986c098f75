#include "interface_cache.h"
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(CONFIG_INTERFACE_NAME_MAX >= IF_NAMESIZE, "if_indextoname writes a whole name");

void interfaces_start(struct interfaces *interfaces, const struct config_interfaces *inside,
                      const atomic_uint *news)
{
    memset(interfaces, 0, sizeof(*interfaces));
    interfaces->inside = inside;
    interfaces->news = news;
}

static enum engine_origin side(const struct config_interfaces *inside, const char *name)
{
    return config_interface_find(inside, name) >= 0 ? ENGINE_INSIDE : ENGINE_OUTSIDE;
}

/* Any socket takes the question, also where there is no IP. */
static uint32_t mtu(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(request.ifr_name, name, strlen(name));
    bool known = fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0;
    if (fd >= 0)
        close(fd);
    return known ? (uint32_t)request.ifr_mtu : 0;
}

static void ask(struct known_interface *out, const struct config_interfaces *inside, uint32_t index,
                unsigned news)
{
    *out = (struct known_interface){.index = index, .side = ENGINE_OUTSIDE, .news = news};
    if (if_indextoname(index, out->name)) {
        out->side = side(inside, out->name);
        out->mtu = mtu(out->name);
    } else
        out->name[0] = '\0';
}

/* Its place, or the one that it takes: a free one, else one of an answer that is old, else its first. */
static struct known_interface *place_of(struct interfaces *interfaces, uint32_t index, unsigned news)
{
    struct known_interface *first = &interfaces->cache[index % INTERFACES_CACHED], *spare = NULL;
    for (unsigned i = 0; i < INTERFACES_PROBED; i++) {
        struct known_interface *entry = &interfaces->cache[(index + i) % INTERFACES_CACHED];
        if (entry->index == index)
            return entry;
        if (!spare && (entry->index == 0 || entry->news != news))
            spare = entry;
    }
    return spare ? spare : first;
}

/* The count is read before the kernel is asked: what changes in between counts once more. */
const struct known_interface *interfaces_find(struct interfaces *interfaces, uint32_t index)
{
    static const struct known_interface UNKNOWN = {.side = ENGINE_OUTSIDE};
    if (index == 0)
        return &UNKNOWN;
    unsigned news = atomic_load_explicit(interfaces->news, memory_order_acquire);
    struct known_interface *entry = place_of(interfaces, index, news);
    if (entry->index != index || entry->news != news)
        ask(entry, interfaces->inside, index, news);
    return entry;
}

const char *interface_name(const struct known_interface *interface)
{
    return interface->name[0] != '\0' ? interface->name : NULL;
}
