/* Interfaces, their routes, sizes and offloads. */
#include "survey_judge.h"
#include <string.h>

#define REMEDY_MAX 160
#define MTU_LEAST 1280u /* RFC 8200 5; a QUIC client's first datagrams have 1200 bytes and headers */
#define MTU_GAP 160u    /* what tunnels and PPPoE take of a packet; more is jumbo frames beside others */

/* ---- there they are ---- */

static void judge_state(const struct survey_interface *one, const char *which, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (!one->up) {
        snprintf(remedy, sizeof(remedy), "\"ip link set %s up\"", one->name);
        survey_add(out, SURVEY_ABOUT_INTERFACES, false, remedy, "interface %s (%s) is down", one->name,
                   which);
    } else if (!one->carrier)
        survey_add(out, SURVEY_ABOUT_INTERFACES, false, "look at its cable, or at the link behind it",
                   "interface %s (%s) has no carrier", one->name, which);
}

/* A pattern is for what comes and goes: that nothing matches it may be so. */
static void judge_none(const char *named, const char *which, struct survey_findings *out)
{
    bool pattern = config_interface_is_pattern(named);
    survey_add(out, SURVEY_ABOUT_INTERFACES, pattern,
               "\"ip link\" lists those that are there; it is served when it comes",
               pattern ? "no interface matches \"%s\" (%s) now" : "there is no interface %s (%s)", named,
               which);
}

static void judge_missing(const struct config_interfaces *side, const char *which,
                          const struct survey *survey, struct survey_findings *out)
{
    for (unsigned i = 0; i < side->count; i++) {
        unsigned from = 0, found = 0;
        for (const struct survey_interface *one; (one = judge_next(survey, side->names[i], &from)); found++)
            judge_state(one, which, out);
        if (found == 0)
            judge_none(side->names[i], which, out);
    }
}

/* What is part of a bridge is seen by the kernel as the bridge. */
static void judge_port(const struct config *config, const struct survey *survey,
                       const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    const struct survey_interface *master = one ? survey_find_index(survey, one->master) : NULL;
    (void)config;
    if (!master || strcmp(master->kind, "vrf") == 0)
        return;
    snprintf(remedy, sizeof(remedy), "write \"%s\" in its place", master->name);
    survey_add(out, SURVEY_ABOUT_INTERFACES, false, remedy,
               "interface %s (%s) is part of %s: the kernel routes packets by %s, so no rule sees %s",
               one->name, inside ? "inside" : "outside", master->name, master->name, one->name);
}

/* ---- routes ---- */

static void judge_route(const struct config *config, const struct survey_interface *one, const char *family,
                        struct survey_findings *out)
{
    if (judge_is_named(&config->inside, one->name))
        survey_add(out, SURVEY_ABOUT_INTERFACES, true,
                   "if that is the way to the internet, it belongs to outside",
                   "the default route of %s uses %s, which is inside: with inside_prefixes = \"auto\" every "
                   "address then counts as inside",
                   family, one->name);
    else
        survey_add(out, SURVEY_ABOUT_INTERFACES, false, "add it to outside, or remove the route",
                   "a default route of %s uses %s, which is neither inside nor outside: UDP that leaves by "
                   "it passes %s",
                   family, one->name, config->mode == CONFIG_NAT ? "untranslated and unseen" : "unseen");
}

static void judge_routes(const struct config *config, const struct survey *survey,
                         struct survey_findings *out)
{
    for (unsigned i = 0; i < survey->interface_count; i++) {
        const struct survey_interface *one = &survey->interfaces[i];
        if (one->default4.there && !judge_is_named(&config->outside, one->name))
            judge_route(config, one, "IPv4", out);
        if (one->default6.there && !judge_is_named(&config->outside, one->name))
            judge_route(config, one, "IPv6", out);
    }
}

/* In mode nat answers from outside are translated, or dropped. */
static void judge_others(const struct config *config, const struct survey *survey,
                         struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    for (unsigned i = 0; i < survey->interface_count && config->mode == CONFIG_NAT; i++) {
        const struct survey_interface *one = &survey->interfaces[i];
        if (judge_is_ours(config, one->name) || one->loopback || !one->up || one->forwarding4 == 0 ||
            one->default4.there || !survey_address_of(one, QW_IPV4))
            continue;
        snprintf(remedy, sizeof(remedy), "if hosts behind it use UDP, add \"%s\" to inside", one->name);
        survey_add(out, SURVEY_ABOUT_INTERFACES, true, remedy,
                   "interface %s is neither inside nor outside: answers to UDP from it are dropped",
                   one->name);
    }
}

/* With several ways out an answer may come by another one than its question left by. */
static void judge_filter(const struct config *config, const struct survey *survey,
                         const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    int all = survey->rp_filter;
    if (!one || inside || config->outside.count < 2 || one->rp_filter < 0 ||
        (all > one->rp_filter ? all : one->rp_filter) != 1)
        return;
    snprintf(remedy, sizeof(remedy), "\"sysctl -w net.ipv4.conf.%s.rp_filter=2\"", one->name);
    survey_add(
        out, SURVEY_ABOUT_FILTER, false, remedy,
        "net.ipv4.conf.%s.rp_filter is 1 (strict): packets that arrive on %s are dropped if the route to "
        "their sender uses another outside interface",
        one->name, one->name);
}

void judge_interfaces(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    judge_missing(&config->inside, "inside", survey, out);
    judge_missing(&config->outside, "outside", survey, out);
    judge_each(config, survey, judge_port, out);
    judge_routes(config, survey, out);
    judge_others(config, survey, out);
    judge_each(config, survey, judge_filter, out);
}

/* ---- sizes ---- */

static void judge_mtu(const struct config *config, const struct survey *survey,
                      const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    (void)inside;
    if (!one)
        return;
    if (one->mtu < MTU_LEAST) {
        snprintf(remedy, sizeof(remedy), "\"ip link set %s mtu 1280\", or more", one->name);
        survey_add(
            out, SURVEY_ABOUT_MTU, false, remedy,
            "the MTU of %s is %u: IPv6 needs 1280, and QUIC packets that begin a connection do not fit",
            one->name, (unsigned)one->mtu);
    }
    if (config->mode != CONFIG_NAT && config->copy_range < one->mtu) {
        snprintf(remedy, sizeof(remedy), "set queue.copy_range to %u", (unsigned)one->mtu);
        survey_add(out, SURVEY_ABOUT_MTU, false, remedy,
                   "the MTU of %s is %u, and queue.copy_range %u: longer Initials of QUIC cannot be read",
                   one->name, (unsigned)one->mtu, (unsigned)config->copy_range);
    }
    for (unsigned i = 0; i < survey->interface_count; i++) {
        const struct survey_interface *port = &survey->interfaces[i];
        if (port->master != one->index || port->mtu >= one->mtu || strcmp(one->kind, "vrf") == 0)
            continue;
        snprintf(remedy, sizeof(remedy), "\"ip link set %s mtu %u\"", port->name, (unsigned)one->mtu);
        survey_add(
            out, SURVEY_ABOUT_MTU, false, remedy,
            "the MTU of %s is %u, but the MTU of %s, which is part of it, is %u: longer packets vanish there "
            "without an ICMP error",
            one->name, (unsigned)one->mtu, port->name, (unsigned)port->mtu);
    }
}

static const struct survey_interface *extreme(const struct survey *survey,
                                              const struct config_interfaces *side, bool largest)
{
    const struct survey_interface *found = NULL;
    for (unsigned i = 0; i < side->count; i++) {
        unsigned from = 0;
        for (const struct survey_interface *one; (one = judge_next(survey, side->names[i], &from));)
            if (!found || (largest ? one->mtu > found->mtu : one->mtu < found->mtu))
                found = one;
    }
    return found;
}

/* Packets of the size of the larger link are cut, or refused with an ICMP error that has to arrive. */
static void judge_gap(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    const struct survey_interface *in = extreme(survey, &config->inside, true);
    const struct survey_interface *to = extreme(survey, &config->outside, false);
    if (!in || !to || in->mtu <= to->mtu + MTU_GAP || to->mtu < MTU_LEAST)
        return;
    snprintf(remedy, sizeof(remedy), "\"ip link set %s mtu %u\", and tell its hosts (DHCP option 26, RA)",
             in->name, (unsigned)to->mtu);
    survey_add(
        out, SURVEY_ABOUT_MTU, false, remedy,
        "the MTU of %s (inside) is %u and that of %s (outside) %u: full packets from inside do not fit, "
        "and are fragmented or refused",
        in->name, (unsigned)in->mtu, to->name, (unsigned)to->mtu);
}

/* ---- offloads ---- */

static void judge_offload(const struct survey_interface *one, int setting, const char *name, const char *what,
                          struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (setting != 1)
        return;
    snprintf(remedy, sizeof(remedy), "\"ethtool -K %s %s off\"", one->name, name);
    survey_add(out, SURVEY_ABOUT_OFFLOADS, false, remedy, "%s is on at %s: %s", name, one->name, what);
}

void judge_lro(const struct survey_interface *one, struct survey_findings *out)
{
    judge_offload(one, one->lro, "rx-lro",
                  "the interface joins packets for good, which must not be forwarded so", out);
}

static void judge_offloads(const struct config *config, const struct survey *survey,
                           const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    (void)config, (void)survey, (void)inside;
    if (!one)
        return;
    judge_offload(one, one->gro_forwarding, "rx-udp-gro-forwarding",
                  "the kernel joins UDP packets that it forwards, and has to cut them again before the queue",
                  out);
    judge_offload(
        one, one->gro_list, "rx-gro-list",
        "the kernel chains UDP packets that it forwards, and has to separate them again before the queue",
        out);
    judge_lro(one, out);
}

void judge_links(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    judge_each(config, survey, judge_mtu, out);
    judge_gap(config, survey, out);
    judge_each(config, survey, judge_offloads, out);
}
