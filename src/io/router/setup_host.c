#include "setup_host.h"
#include "wan_address.h"
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int setup_host_setting(const char *family, const char *interface, const char *name)
{
    char path[96 + CONFIG_INTERFACE_NAME_MAX];
    int value = -1;
    snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, interface, name);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%d", &value) != 1)
        value = -1;
    if (file)
        fclose(file);
    return value;
}

bool setup_host_private(const struct qw_addr *addr)
{
    const uint8_t *b = addr->bytes + 12;
    return b[0] == 10 || (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 100 && b[1] >> 6 == 1) || (b[0] == 169 && b[1] == 254);
}

/* ---- forwarding ---- */

static bool is_named(const struct config_interfaces *named, const char *name)
{
    for (unsigned i = 0; i < named->count; i++)
        if (strcmp(named->names[i], name) == 0)
            return true;
    return false;
}

/* An address that is reached from beyond the link. */
static bool is_global(const struct sockaddr *address, int family)
{
    if (!address || address->sa_family != family)
        return false;
    return family == AF_INET ||
           !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static bool inside_has(const struct config *config, int family)
{
    struct ifaddrs *all = NULL;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
        found = is_global(one->ifa_addr, family) && is_named(&config->inside, one->ifa_name);
    freeifaddrs(all);
    return found;
}

static void look_at_one(const char *family, const char *name, struct findings *out)
{
    if (setup_host_setting(family, name, "forwarding") == 0)
        findings_add(out,
                     "net.%s.conf.%s.forwarding is 0: nothing that comes by %s is forwarded: \"sysctl -w "
                     "net.%s.conf.%s.forwarding=1\"",
                     family, name, name, family, name);
}

static void look_at_forwarding(const struct config *config, const char *family, const char *all,
                               struct findings *out)
{
    if (setup_host_setting(family, "all", "forwarding") == 0) {
        findings_add(out, "%s is 0: this router forwards no %s: \"sysctl -w %s=1\"", all,
                     strcmp(family, "ipv4") == 0 ? "IPv4" : "IPv6", all);
        return;
    }
    for (unsigned i = 0; i < config->inside.count; i++)
        look_at_one(family, config->inside.names[i], out);
    for (unsigned i = 0; i < config->outside.count; i++)
        look_at_one(family, config->outside.names[i], out);
}

/* ---- mode nat ---- */

/* A hairpin comes from an inside interface with an address that is not reached by it. The kernel takes the
 * larger one of the two values. */
static void look_at_filter(const char *name, struct findings *out)
{
    int all = setup_host_setting("ipv4", "all", "rp_filter"),
        own = setup_host_setting("ipv4", name, "rp_filter");
    if ((all > own ? all : own) == 1 && own >= 0)
        findings_add(
            out,
            "net.ipv4.conf.%s.rp_filter is 1 (strict): inside hosts cannot reach each other's external "
            "endpoints; 0 or 2 lets them: \"sysctl -w net.ipv4.conf.%s.rp_filter=2\"",
            name, name);
}

/* With manage_rules the daemon sets it itself. */
static void look_at_local(const struct config *config, const char *name, struct findings *out)
{
    if (!config->manage_rules && setup_host_setting("ipv4", "all", "accept_local") == 0 &&
        setup_host_setting("ipv4", name, "accept_local") == 0)
        findings_add(
            out,
            "net.ipv4.conf.%s.accept_local is 0: inside hosts cannot reach each other's external endpoints: "
            "\"sysctl -w net.ipv4.conf.%s.accept_local=1\" while the rules stand",
            name, name);
}

static void look_at_external(const struct config *config, struct findings *out)
{
    char text[QW_ADDR_TEXT_MAX];
    struct qw_addr address = {0};
    for (unsigned i = 0; i < config->external_count; i++) {
        if (!config->external_auto)
            address = config->external[i];
        else if (!wan_address_ask(config->outside.names[0], &address))
            return;
        if (setup_host_private(&address))
            findings_add(out,
                         "the external address %s is private: another NAT stands between this router and the "
                         "internet; nothing begins from there unless it forwards \"nat.ports\" and "
                         "\"nat.forwards\" to %s",
                         qw_addr_text(&address, QW_IPV4, text), text);
    }
}

void setup_host_look(const struct config *config, struct findings *out)
{
    bool has4 = inside_has(config, AF_INET), has6 = inside_has(config, AF_INET6);
    if (has4 || !has6)
        look_at_forwarding(config, "ipv4", "net.ipv4.ip_forward", out);
    if (has6)
        look_at_forwarding(config, "ipv6", "net.ipv6.conf.all.forwarding", out);
    if (config->mode != CONFIG_NAT)
        return;
    for (unsigned i = 0; i < config->inside.count; i++) {
        look_at_filter(config->inside.names[i], out);
        look_at_local(config, config->inside.names[i], out);
    }
    look_at_external(config, out);
}
